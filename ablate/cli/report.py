"""`ablate report`: write a report again, and the summary with which every sweep ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._shared import EitherFile, app, out, terminal
from ablate.cli._tables import FittingTable, make_table
from ablate.errors import AblateError

if TYPE_CHECKING:
    from ablate.pipeline.results import JudgedScores, SearchResult, StudyResult
    from ablate.reporting.study.model import Page


@app.command()
def report(
    study_file: EitherFile,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Write nothing; exit 1 if a claim of `expect` is contradicted, else 3 if one is undecided."
        ),
    ] = False,
    latex: Annotated[
        bool, typer.Option("--latex", help="Write nothing; print a table and the methods for a paper, in LaTeX.")
    ] = False,
) -> None:
    """Write a report again from its data, without training."""
    from ablate.pipeline.results import SearchResult
    from ablate.pipeline.study import report as write_again
    from ablate.statistics.evidence import exit_code
    from ablate.studies.loading import load
    from ablate.studies.search import Search

    if check and latex:
        raise AblateError("--check and --latex each print something of their own; allowed: one of them")
    design = load(study_file)
    if check and isinstance(design, Search):
        raise AblateError("--check: a search has no claims; only a study's `expect` can be checked")
    if latex and isinstance(design, Search):
        raise AblateError("--latex: a search has no verdicts; only a study can be printed for a paper")
    result = write_again(design, write=not (check or latex))
    if isinstance(result, SearchResult):
        search_summary(result)
    elif latex:
        print_latex(result.page)
    elif not check:
        summary(result)
    else:
        say_verdicts(result)
        if not result.page.claims:
            out.print("No claims to check: the study has no `expect`.")
        raise typer.Exit(exit_code(result.page.claims))


def print_latex(page: Page) -> None:
    """Print a page for a paper."""
    from ablate.reporting.study.paper import latex

    typer.echo(latex(page))


def summary(result: StudyResult) -> None:
    """Print the verdicts, the answer, and where the report is."""
    say_verdicts(result)
    terminal.say(f"Report: {result.path / 'README.md'}, or report.html beside it")


def say_verdicts(result: StudyResult | JudgedScores) -> None:
    """Print the verdicts, the answer and the claims."""
    from ablate.reporting.study.answer import claim_sentence, why_it_stopped
    from ablate.reporting.study.selection import arms_note, with_few_arms

    page = result.page
    out.print(_verdict_table(with_few_arms(page)))
    if note := arms_note(page):
        terminal.say(note)
    out.print(result.answer)
    if stopped := why_it_stopped(page):
        terminal.say(stopped)
    for warning in page.warnings:
        terminal.say(f"Warning: {warning}")
    for evidence in page.claims:
        terminal.say(f"Claim: {claim_sentence(evidence, page)}")


def search_summary(result: SearchResult) -> None:
    """Print the best trial of a search, and where the report is."""
    terminal.say(result.answer)
    if result.page.best is not None:
        terminal.say(f"Base:   {result.path / 'best.yaml'}, for a study that compares the best settings on fresh seeds")
    terminal.say(f"Report: {result.path / 'README.md'}, or report.html beside it")


def _verdict_table(page: Page) -> FittingTable:
    from ablate.reporting.markup.numbers import metric_label
    from ablate.reporting.study.arms import ArmRow
    from ablate.reporting.study.texts import ENDS, arm_texts, comparison_texts, verdict_text

    def line(row: ArmRow) -> tuple[str, ...]:
        mean, c = arm_texts(row, page).mean, row.comparison
        outcomes = row.outcomes if page.has_study or not row.outcomes else f"{row.failed_runs} without a score"
        seeds = f"{row.seeds} ({outcomes})" if outcomes else str(row.seeds)
        if c is None:
            return row.name, seeds, mean, "reference", "", ""
        texts = comparison_texts(c, page.metric, page.design.margin)
        verdict = verdict_text(c)
        if c.verdict == "undecided" and len(page.design.looks) > 1:
            verdict += f": {ENDS[row.end]}"
        return row.name, seeds, mean, texts.interval, verdict, texts.smallest_margin

    headings = ("arm", "seeds", metric_label(page.metric), "difference [interval]", "verdict", "smallest margin")
    return make_table(
        f"{page.design.name}, margin {page.design.margin:g}", headings, map(line, page.rows), texts=("verdict",)
    )
