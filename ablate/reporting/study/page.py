"""Writes the report of a study: two pages, their figures and the headline numbers, from the data beside them."""

from __future__ import annotations

from pathlib import Path

from ablate.reporting import REPORTS
from ablate.reporting.markup.files import write_files
from ablate.reporting.study.content import document
from ablate.reporting.study.data import read
from ablate.reporting.study.figures import draw_all
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import Page, build
from ablate.studies.study import Study


def report_folder(study: Study) -> Path:
    """Where a study's report stands."""
    return REPORTS / study.name


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
