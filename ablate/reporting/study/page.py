"""Write the report of a study: two pages, figures, headline numbers and verdicts, from the data beside them."""

from __future__ import annotations

from pathlib import Path

from ablate.records.files import write_json
from ablate.reporting import REPORTS
from ablate.reporting.markup.document import Document
from ablate.reporting.markup.figures import draw_all
from ablate.reporting.markup.files import write_files
from ablate.reporting.markup.kept_figures import draw_if_changed
from ablate.reporting.study.content import document
from ablate.reporting.study.data import read
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.verdict_file import verdict_file
from ablate.studies.planning import Design


def report_folder(design: Design) -> Path:
    """The folder of a study's report."""
    return REPORTS / design.name


def read_page(design: Design) -> Page:
    """Compute what a study's report says from its data, without writing it.

    Raises:
        AblateError: the data are missing.
    """
    return build(design, read(design, report_folder(design)))


def write_pages(page: Page, folder: Path) -> None:
    """Write all files of a report that has no study."""
    shown = document(page)
    titles = {section.title for section in shown.sections}
    figures = draw_all([figure for figure in FIGURES if figure.section in titles], page)
    _write(page, folder, shown, figures)


def _write(page: Page, folder: Path, shown: Document, figures: dict[str, str]) -> None:
    write_files(folder, shown, figures, headlines(page))
    write_json(folder / "verdicts.json", verdict_file(page).model_dump())


def write_report(design: Design, folder: Path) -> Page:
    """Write a study's report from `folder`/data, and return what it says.

    Raises:
        AblateError: the data are missing.
    """
    page = build(design, read(design, folder))
    inputs = [design.study.model_dump_json().encode(), *map(Path.read_bytes, sorted((folder / "data").iterdir()))]
    figures = draw_if_changed(folder, inputs, lambda: draw_all(FIGURES, page))
    _write(page, folder, document(page), figures)
    return page
