"""Write a report into the folder of all reports, and the page that lists them."""

from __future__ import annotations

from ablate.reporting import REPORTS
from ablate.reporting.index import write_index
from ablate.reporting.search.model import SearchPage
from ablate.reporting.search.page import search_folder, write_search_report
from ablate.reporting.study.model import Page
from ablate.reporting.study.page import report_folder, write_report
from ablate.studies.planning import Design
from ablate.studies.search import Search


def publish(design: Design) -> Page:
    """Write a study's report, and return what it says.

    Raises:
        AblateError: the data are missing.
    """
    page = write_report(design, report_folder(design))
    write_index(REPORTS, report_folder(design))
    return page


def publish_search(search: Search) -> SearchPage:
    """Write a search's report, and return what it says.

    Raises:
        AblateError: the data are missing.
    """
    page = write_search_report(search, search_folder(search))
    write_index(REPORTS, search_folder(search))
    return page
