"""The runs that a study requests are saved, and also those that it no longer requests."""

import shutil
from pathlib import Path

import pytest

from ablate.errors import AblateError
from ablate.records.requests import (
    RequestedRuns,
    claim_name,
    load_all_requested,
    load_requested,
    requested_by,
    save_requested,
)
from ablate.studies.loading import load, load_study
from tests.helpers.searches import write_tiny_search
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


def claimed(project: Path, name: str) -> str | None:
    """Write a study, claim its name in the project's record, and return the file that the record then has."""
    path = project / name
    path.parent.mkdir(parents=True, exist_ok=True)
    write_tiny_study(path.parent, path.name)
    claim_name(project / ".ablate", load(path))
    requested = load_requested(project / ".ablate", path.stem)
    return requested.file if requested else None


def test_a_study_of_the_same_name_in_another_folder_is_refused_while_the_first_is_there(tmp_path: Path) -> None:
    assert claimed(tmp_path, "a/lr.yaml") == "a/lr.yaml"
    for other in ("b/lr.yaml", "a/lr.yml"):
        with pytest.raises(AblateError, match=rf"^{other}: its report would replace that of a/lr.yaml"):
            claimed(tmp_path, other)
    write_tiny_search(tmp_path / "b", "lr.yaml")
    with pytest.raises(AblateError, match=r"^b/lr.yaml: its report would replace"):
        claim_name(tmp_path / ".ablate", load(tmp_path / "b" / "lr.yaml"))
    with pytest.raises(AblateError, match=r"^b/lr.yaml: its report would replace"):
        requested_by(tmp_path / ".ablate", load(tmp_path / "b" / "lr.yaml"))
    (tmp_path / "a" / "lr.yaml").unlink()
    assert claimed(tmp_path, "b/lr.yaml") == "b/lr.yaml"


def test_a_study_keeps_its_name_when_it_is_swept_again_or_its_project_is_copied(tmp_path: Path) -> None:
    claimed(tmp_path / "one", "a/lr.yaml")
    assert claimed(tmp_path / "one", "a/lr.yaml") == "a/lr.yaml"
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    assert claimed(tmp_path / "two", "a/lr.yaml") == "a/lr.yaml"


def test_the_file_is_kept_with_the_runs(tmp_path: Path) -> None:
    claimed(tmp_path, "lr.yaml")
    before = load_requested(tmp_path / ".ablate", "lr")
    assert RequestedRuns.of(load_study(tmp_path / "lr.yaml"), before).file == "lr.yaml"


def test_requests_that_an_older_version_saved_belong_to_the_file_that_comes_next(tmp_path: Path) -> None:
    save_requested(tmp_path / ".ablate", RequestedRuns("lr", "?", {}))
    assert claimed(tmp_path, "b/lr.yaml") == "b/lr.yaml"
