"""Which record a command uses that is typed below the folder of its project."""

from pathlib import Path

import pytest

from ablate.project import find_project
from ablate.records.record import Record
from ablate.records.tables import load_results
from ablate.studies.planning import Design


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The top of a checkout with a record, and with the folder `experiments/deep`; the home folder is elsewhere."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    top = tmp_path / "top"
    for name in (".git", ".ablate", "experiments/deep"):
        (top / name).mkdir(parents=True)
    return top


@pytest.mark.parametrize("here", ["", "experiments", "experiments/deep"])
def test_the_project_is_the_folder_with_the_record(here: str, top: Path) -> None:
    assert find_project(top / here) == top


def test_the_nearest_record_is_used(top: Path) -> None:
    (top / "experiments" / ".ablate").mkdir()
    assert find_project(top / "experiments" / "deep") == top / "experiments"


def test_a_record_above_the_checkout_is_not_found(top: Path) -> None:
    (top / "experiments" / ".git").write_text("gitdir: elsewhere")
    assert find_project(top / "experiments" / "deep") == top / "experiments" / "deep"


def test_without_a_checkout_or_a_record_it_is_the_folder_itself(top: Path) -> None:
    (top / ".ablate").rmdir()
    assert find_project(top / "experiments") == top / "experiments"
    (top / ".ablate").mkdir()
    (top / ".git").rmdir()
    assert find_project(top / "experiments") == top / "experiments"


@pytest.mark.parametrize("home", ["top", "top/experiments"])
def test_a_record_at_or_above_the_home_folder_is_not_found(
    home: str, top: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(top.parent / home))
    assert find_project(top / "experiments" / "deep") == top / "experiments" / "deep"


def test_results_are_those_of_the_project(
    swept_copy: tuple[Record, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (workplace / ".git").mkdir()
    (workplace / "below").mkdir()
    monkeypatch.chdir(workplace / "below")
    assert set(load_results(swept_copy[1]).status) == {"finished"}
