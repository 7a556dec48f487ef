"""Writes a report: two pages, their figures and the headline numbers, from the data beside them and the study."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablate.records.files import write_atomic, write_json
from ablate.report.content import document
from ablate.report.data import REPORTS, read
from ablate.report.document import Document
from ablate.report.figures import draw_all
from ablate.report.headlines import headlines
from ablate.report.index import write_index
from ablate.report.model import Page, build
from ablate.report.rendering import html, markdown
from ablate.studies.study import Study


def report_folder(study: Study) -> Path:
    """Where a study's report stands."""
    return REPORTS / study.name


def publish(study: Study) -> Page:
    """Write a study's report where all reports stand, and the page that lists them.

    Raises:
        AblateError: there is no data.
    """
    page = write_report(study, report_folder(study))
    write_index(REPORTS)
    return page


def read_page(study: Study) -> Page:
    """What a study's report says, from its data, whether it is written or not.

    Raises:
        AblateError: there is no data.
    """
    return build(study, read(study, report_folder(study)))


def write_report(study: Study, folder: Path) -> Page:
    """Write a study's report from `folder`/data, and return what it says.

    Raises:
        AblateError: there is no data.
    """
    data = read(study, folder)
    page = build(study, data)
    write_files(folder, document(page), draw_all(page, data), headlines(page))
    return page


def write_files(folder: Path, content: Document, figures: dict[str, str], numbers: dict[str, Any]) -> None:
    """Write a report: its figures, then both pages that show those of them that could be drawn, and its numbers."""
    _write_figures(figures, folder / "figures")
    shown = content.without_pictures(figures)
    write_atomic(folder / "README.md", markdown(shown).encode())
    write_atomic(folder / "report.html", html(shown, figures).encode())
    write_json(folder / "metrics.json", numbers)


def _write_figures(figures: dict[str, str], folder: Path) -> None:
    """Write these figures, and remove those that an earlier report had and this one has not."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        if old.stem not in figures:
            old.unlink()
    for name, content in figures.items():
        write_atomic(folder / f"{name}.svg", content.encode())
