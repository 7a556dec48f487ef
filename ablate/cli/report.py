"""`ablate report`: a study's page again, and the summary that every sweep ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli.app import StudyFile, app, make_table, out
from ablate.errors import AblateError

if TYPE_CHECKING:
    from rich.table import Table

    from ablate.reporting.search.model import SearchPage
    from ablate.reporting.study.model import Page


@app.command()
def report(
    study_file: StudyFile,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if a claim of `expect` is contradicted, else 3 if one is undecided.")
    ] = False,
) -> None:
    """Write the report of a study or of a search again, from the data beside it."""
    from ablate.reporting.publishing import publish, publish_search
    from ablate.reporting.study.page import report_folder
    from ablate.sources.choices import tuned
    from ablate.statistics.evidence import exit_code
    from ablate.studies.loading import load
    from ablate.studies.search import Search

    asking = load(study_file)
    if isinstance(asking, Search):
        if check:
            raise AblateError("--check: a search has no claims; only a study's `expect` can be checked")
        search_summary(publish_search(asking))
        return
    page = publish(tuned(asking, report_folder(asking)))
    summary(page)
    if check:
        if not page.claims:
            out.print("There is no claim to check: the study has no `expect`.")
        raise typer.Exit(exit_code(page.claims))


def summary(page: Page) -> None:
    """The verdicts, and where to read more."""
    from ablate.reporting.study.answer import answer, claim_sentence
    from ablate.reporting.study.page import report_folder

    out.print(_verdict_table(page))
    out.print(answer(page))
    for warning in page.warnings:
        out.print(f"Warning: {warning}", soft_wrap=True)
    for evidence in page.claims:
        out.print(f"Claim: {claim_sentence(evidence, page)}", soft_wrap=True)
    out.print(f"Report: {report_folder(page.study) / 'README.md'}, or report.html beside it", soft_wrap=True)


def search_summary(page: SearchPage) -> None:
    """The best that a search found, and where to read more."""
    from ablate.reporting.search.content import answer
    from ablate.reporting.search.page import search_folder

    folder = search_folder(page.search)
    out.print(answer(page), soft_wrap=True)
    if page.best is not None:
        out.print(f"Base:   {folder / 'best.yaml'}, for a study that compares it on fresh seeds", soft_wrap=True)
    out.print(f"Report: {folder / 'README.md'}, or report.html beside it", soft_wrap=True)


def _verdict_table(page: Page) -> Table:
    from ablate.reporting.markup.numbers import named
    from ablate.reporting.study.model import ArmRow
    from ablate.reporting.study.texts import arm_texts, comparison_texts

    def line(row: ArmRow) -> tuple[str, ...]:
        mean, c = arm_texts(row, page).mean, row.comparison
        seeds = f"{row.seeds} ({row.outcomes})" if row.outcomes else str(row.seeds)
        if c is None:
            return row.name, seeds, mean, "reference", "", ""
        texts = comparison_texts(c, page.metric, page.study.margin)
        return row.name, seeds, mean, texts.interval, c.verdict, texts.smallest_margin

    headings = ("arm", "seeds", named(page.metric), "difference [interval]", "verdict", "smallest margin")
    return make_table(f"{page.study.name}, margin {page.study.margin:g}", headings, map(line, page.rows))
