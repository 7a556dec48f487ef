"""`ablate report`: a study's page again, and the summary that every sweep ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._shared import StudyFile, app, make_table, out, terminal
from ablate.errors import AblateError

if TYPE_CHECKING:
    from rich.table import Table

    from ablate.pipeline.results import SearchResult, StudyResult
    from ablate.reporting.study.model import Page


@app.command()
def report(
    study_file: StudyFile,
    check: Annotated[
        bool, typer.Option("--check", help="Exit 1 if a claim of `expect` is contradicted, else 3 if one is undecided.")
    ] = False,
) -> None:
    """Write the report of a study or of a search again, from the data beside it."""
    from ablate.pipeline.results import SearchResult
    from ablate.pipeline.study import report as write_again
    from ablate.statistics.evidence import exit_code
    from ablate.studies.loading import load
    from ablate.studies.search import Search

    asking = load(study_file)
    if check and isinstance(asking, Search):
        raise AblateError("--check: a search has no claims; only a study's `expect` can be checked")
    result = write_again(asking)
    if isinstance(result, SearchResult):
        search_summary(result)
        return
    summary(result)
    if check:
        if not result.page.claims:
            out.print("There is no claim to check: the study has no `expect`.")
        raise typer.Exit(exit_code(result.page.claims))


def summary(result: StudyResult) -> None:
    """The verdicts, and where to read more."""
    from ablate.reporting.study.answer import claim_sentence

    page = result.page
    out.print(_verdict_table(page))
    out.print(result.answer)
    for warning in page.warnings:
        terminal.say(f"Warning: {warning}")
    for evidence in page.claims:
        terminal.say(f"Claim: {claim_sentence(evidence, page)}")
    terminal.say(f"Report: {result.path / 'README.md'}, or report.html beside it")


def search_summary(result: SearchResult) -> None:
    """The best that a search found, and where to read more."""
    terminal.say(result.answer)
    if result.page.best is not None:
        terminal.say(f"Base:   {result.path / 'best.yaml'}, for a study that compares it on fresh seeds")
    terminal.say(f"Report: {result.path / 'README.md'}, or report.html beside it")


def _verdict_table(page: Page) -> Table:
    from ablate.reporting.markup.numbers import metric_label
    from ablate.reporting.study.arms import ArmRow
    from ablate.reporting.study.texts import arm_texts, comparison_texts

    def line(row: ArmRow) -> tuple[str, ...]:
        mean, c = arm_texts(row, page).mean, row.comparison
        seeds = f"{row.seeds} ({row.outcomes})" if row.outcomes else str(row.seeds)
        if c is None:
            return row.name, seeds, mean, "reference", "", ""
        texts = comparison_texts(c, page.metric, page.study.margin)
        return row.name, seeds, mean, texts.interval, c.verdict, texts.smallest_margin

    headings = ("arm", "seeds", metric_label(page.metric), "difference [interval]", "verdict", "smallest margin")
    return make_table(f"{page.study.name}, margin {page.study.margin:g}", headings, map(line, page.rows))
