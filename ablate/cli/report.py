"""`ablate report`: a study's page again, and the summary that every sweep ends with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ablate.cli.app import StudyFile, app, make_table, out

if TYPE_CHECKING:
    from rich.table import Table

    from ablate.report.model import Page


@app.command()
def report(study_file: StudyFile) -> None:
    """Write a study's report again, from the data beside it."""
    from ablate.loading import load_study
    from ablate.report.page import write_report

    summary(write_report(load_study(study_file)), None)


def summary(page: Page, experiment: str | None) -> None:
    """The verdicts, and where to look further."""
    from ablate.report.page import report_folder
    from ablate.tracking.connection import address

    out.print(_verdict_table(page))
    out.print(page.answer)
    if page.looks:
        out.print(page.looks)
    out.print(f"Report: {report_folder(page.study) / 'README.md'}", soft_wrap=True)
    if experiment is not None:
        out.print(f"Runs:   {address(experiment)}", soft_wrap=True)


def _verdict_table(page: Page) -> Table:
    from ablate.report.model import ArmRow, number, signed

    def line(row: ArmRow) -> tuple[str, ...]:
        mean, c = number(row.mean, page.metric), row.comparison
        seeds = f"{row.seeds} ({row.outcomes})" if row.outcomes else str(row.seeds)
        if c is None:
            return row.name, seeds, mean, "reference", "", ""
        interval = f"{signed(c.difference, page.metric)} [{signed(c.low, page.metric)}, {signed(c.high, page.metric)}]"
        return row.name, seeds, mean, interval, c.verdict, number(c.smallest_margin, page.metric)

    score = f"{page.metric.name} ({page.metric.unit})" if page.metric.unit else page.metric.name
    headings = ("arm", "seeds", score, "difference [interval]", "verdict", "smallest margin")
    return make_table(f"{page.study.name}, margin {page.study.margin:g}", headings, map(line, page.rows))
