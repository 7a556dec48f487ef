"""The runs that a study requests are saved, and also those that it no longer requests."""

from pathlib import Path

from ablate.records.requests import RequestedRuns, load_all_requested, load_requested, save_requested
from ablate.studies.loading import load_study
from tests.helpers.tiny import write_tiny_study


def test_saved_requests_are_loaded_again(tmp_path: Path) -> None:
    requested = RequestedRuns.of(load_study(write_tiny_study(tmp_path)))
    assert load_requested(tmp_path, "tiny") is None
    save_requested(tmp_path, requested)
    assert load_requested(tmp_path, "tiny") == requested
    assert load_all_requested(tmp_path) == [requested]
    assert sorted(map(str, requested.runs.values())) == sorted(
        f"{arm} seed {seed}" for arm in ("with", "without") for seed in (0, 1)
    )


def test_runs_that_are_no_longer_requested_are_kept_as_former_and_can_be_requested_again(tmp_path: Path) -> None:
    two = RequestedRuns.of(load_study(write_tiny_study(tmp_path)))
    one = RequestedRuns.of(load_study(write_tiny_study(tmp_path, seeds="[1]")), two)
    assert {label.seed for label in one.runs.values()} == {1}
    assert {label.seed for label in one.former.values()} == {0}
    assert one.all_runs() == two.runs
    assert RequestedRuns.of(load_study(write_tiny_study(tmp_path)), one) == two


def test_a_damaged_file_counts_as_missing(tmp_path: Path) -> None:
    save_requested(tmp_path, RequestedRuns.of(load_study(write_tiny_study(tmp_path))))
    path = tmp_path / "studies" / "tiny.json"
    path.write_bytes(path.read_bytes()[:-20])
    assert load_requested(tmp_path, "tiny") is None
    assert load_all_requested(tmp_path) == []
