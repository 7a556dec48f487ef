"""Seeds that were added after a report could be read give a warning; seeds that were planned do not."""

import math
from pathlib import Path

import pytest

from ablate.records.record import Record
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.content import document
from ablate.reporting.study.data import export, read
from ablate.reporting.study.earlier_looks import WRONG, record_look
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.page import write_report
from ablate.studies.planning import Design
from tests.helpers.committed import ROOT


@pytest.fixture
def first(swept: tuple[Path, Design]) -> Design:
    """The tiny study with one seed only."""
    return swept[1].with_changes(requested_seeds=(0,))


def page(swept: tuple[Path, Design], folder: Path) -> Page:
    """The page of the study with all its seeds."""
    export(swept[1], Record(swept[0] / ".ablate"), folder)
    return build(swept[1], read(swept[1], folder))


def test_added_seeds_give_a_warning_in_later_reports(swept: tuple[Path, Design], first: Design, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    record_look(first, tmp_path)
    for _ in range(2):
        later = page(swept, tmp_path)
        (warning,) = later.warnings
        assert "after a report had been written (with seeds 0). Looking" in warning
        assert warning in markdown(document(later)).replace("\\", "")
        record_look(swept[1], tmp_path)


def test_seeds_that_were_all_planned_give_no_warning(swept: tuple[Path, Design], tmp_path: Path) -> None:
    for _ in range(2):
        planned = page(swept, tmp_path)
        assert planned.warnings == []
        record_look(swept[1], tmp_path)


def test_a_look_at_other_runs_does_not_count(swept: tuple[Path, Design], first: Design, tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    record_look(first.with_changes(base=first.study.base | {"training.epochs": 1}), tmp_path)
    assert page(swept, tmp_path).warnings == []


def test_only_a_report_that_gave_a_verdict_was_a_look(
    swept: tuple[Path, Design], first: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.reporting.study.page.draw_all", lambda *_: {})
    export(first, Record(tmp_path / "empty"), tmp_path)
    write_report(first, tmp_path)
    assert page(swept, tmp_path).warnings == []
    export(swept[1], Record(swept[0] / ".ablate"), tmp_path)
    write_report(swept[1], tmp_path)
    assert (tmp_path / "data" / "looks.json").exists()


def test_the_errors_of_further_looks_are_the_highest_that_were_simulated() -> None:
    table = [line.split("|")[1:-1] for line in (ROOT / "benchmarks" / "further_looks.md").read_text().splitlines()]
    heads, *lines = [row for row in table if len(row) > 2 and "---" not in row[0]]
    highest = {
        int(head.split()[0]): max(float(line[place].strip(" *")) for line in lines)
        for place, head in enumerate(heads)
        if place
    }
    assert {looks: math.ceil(highest[looks]) for looks in WRONG} == WRONG
