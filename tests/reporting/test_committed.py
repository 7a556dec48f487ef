"""The committed reports that no stage of `dvc.yaml` writes, and what all reports have in common."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from ablate.reporting.index import write_index
from ablate.reporting.search.page import write_search_report
from ablate.studies.loading import load
from ablate.studies.search import Search
from tests.helpers.committed import EXPERIMENTS, ROOT, committed, restore

REPORTS = ROOT / "reports"
SEARCHES = [loaded for loaded in map(load, EXPERIMENTS) if isinstance(loaded, Search)]
PAGES = ("README.md", "metrics.json")
"""The pages of a report; the bytes of its figures depend on the version of matplotlib."""


@pytest.mark.parametrize("search", SEARCHES, ids=lambda search: search.name)
def test_the_report_of_a_search_is_what_the_program_writes(search: Search, tmp_path: Path) -> None:
    shutil.copytree(REPORTS / search.name / "data", tmp_path / "data")
    write_search_report(search, tmp_path)
    written = {name: (tmp_path / name).read_text() for name in (*PAGES, "best.yaml")}
    assert written == {name: (REPORTS / search.name / name).read_text() for name in written}


def test_the_page_over_all_reports_is_what_the_program_writes(tmp_path: Path) -> None:
    reports = restore(tmp_path, "reports/README.md", "reports/*/metrics.json") / "reports"
    before = (reports / "README.md").read_text()
    write_index(reports)
    assert (reports / "README.md").read_text() == before


def test_a_run_in_several_reports_has_the_same_score_in_all_of_them() -> None:
    """If it was trained only once: a study that is swept again on another processor has other scores."""
    runs = pd.concat(pd.read_csv(path) for path in committed("reports/*/data/runs.csv"))
    assert runs["run"].duplicated().any()
    assert (runs.groupby(["run", "began"])["test/psnr"].nunique() <= 1).all()
