"""Writes a report: `README.md` and its figures, from the data beside it and the study."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from ablate.files import write_atomic
from ablate.metrics import METRICS
from ablate.report.data import REPORTS, read
from ablate.report.figures import draw_all
from ablate.report.looks import note_look
from ablate.report.model import Page, build, fixed, number, signed
from ablate.study import Study


def report_folder(study: Study) -> Path:
    """Where a study's report stands."""
    return REPORTS / study.name


def write_report(study: Study, folder: Path | None = None) -> Page:
    """Write a study's page and figures from `folder`/data, and return what the page says.

    Raises:
        AblateError: there is no data.
    """
    folder = folder or report_folder(study)
    data = read(study, folder)
    page = build(study, data)
    if any(row.comparison and row.comparison.verdict != "waiting" for row in page.rows):
        note_look(study, folder)
    draw_all(page, data, folder / "figures")
    write_atomic(folder / "README.md", render(page).encode())
    return page


def render(page: Page) -> str:
    """The page as Markdown."""
    environment = Environment(
        loader=PackageLoader("ablate.report"), undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {
        "number": lambda value: number(value, page.metric),
        "signed": lambda value: signed(value, page.metric),
        "decibels": lambda value: signed(value, METRICS["test/gain"]),
        "fixed": fixed,
    }
    return environment.get_template("report.md.j2").render(page=page, study=page.study, metric=page.metric)
