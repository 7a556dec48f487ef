"""What was asked for is remembered, also what no longer is."""

from pathlib import Path

from ablate.records.requests import Asked, recall, recall_all, remember
from ablate.studies.loading import load_study
from tests.helpers.tiny import write_tiny_study


def test_what_is_remembered_is_recalled(tmp_path: Path) -> None:
    asked = Asked.of(load_study(write_tiny_study(tmp_path)))
    assert recall(tmp_path, "tiny") is None
    remember(tmp_path, asked)
    assert recall(tmp_path, "tiny") == asked
    assert recall_all(tmp_path) == [asked]
    assert sorted(map(str, asked.runs.values())) == sorted(
        f"{arm} seed {seed}" for arm in ("with", "without") for seed in (0, 1)
    )


def test_runs_that_are_no_longer_asked_for_are_kept_apart_and_may_come_back(tmp_path: Path) -> None:
    two = Asked.of(load_study(write_tiny_study(tmp_path)))
    one = Asked.of(load_study(write_tiny_study(tmp_path, seeds="[1]")), two)
    assert {label.seed for label in one.runs.values()} == {1}
    assert {label.seed for label in one.former.values()} == {0}
    assert one.every() == two.runs
    assert Asked.of(load_study(write_tiny_study(tmp_path)), one) == two


def test_a_damaged_note_is_as_none(tmp_path: Path) -> None:
    remember(tmp_path, Asked.of(load_study(write_tiny_study(tmp_path))))
    path = tmp_path / "studies" / "tiny.json"
    path.write_bytes(path.read_bytes()[:-20])
    assert recall(tmp_path, "tiny") is None
    assert recall_all(tmp_path) == []
