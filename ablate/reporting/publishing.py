"""Write a report into the folder of all reports, and the page that lists them."""

from __future__ import annotations

from pathlib import Path

from ablate.reporting import REPORTS
from ablate.reporting.index import is_private, write_index
from ablate.reporting.search.model import SearchPage
from ablate.reporting.search.page import search_folder, write_search_report
from ablate.reporting.study.model import Page
from ablate.reporting.study.page import report_folder, write_report
from ablate.studies.planning import Design
from ablate.studies.search import Search


def publish(design: Design) -> Page:
    """Write a study's report, and return what it says.

    Raises:
        AblateError: there is no data.
    """
    page = write_report(design, report_folder(design))
    _list(report_folder(design))
    return page


def publish_search(search: Search) -> SearchPage:
    """Write a search's report, and return what it says.

    Raises:
        AblateError: there is no data.
    """
    page = write_search_report(search, search_folder(search))
    _list(search_folder(search))
    return page


def _list(folder: Path) -> None:
    """Write the page over all reports, unless it does not list this one."""
    if not is_private(folder):
        write_index(REPORTS)
