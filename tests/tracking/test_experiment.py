"""An experiment belongs to one record, and its files lie in the folder of that record, wherever that was moved."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import ViewType

from ablate.errors import AblateError
from ablate.records.identity import record_id
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.studies.planning import Design
from ablate.tracking.comparison import comparison_page
from ablate.tracking.connection import tracking_uri
from ablate.tracking.mirror import Mirror
from ablate.tracking.sync import sync
from ablate.tracking.tags import RECORD_TAG


def send(study: Design, warnings: list[str]) -> None:
    with Mirror(RequestedRuns.of(study), Record(), warnings.append):
        pass


def client() -> MlflowClient:
    return MlflowClient(tracking_uri=tracking_uri())


def copy_of(folder: Path, target: Path) -> Path:
    """Another folder with the same runs, whose record has an id of its own."""
    shutil.copytree(folder / ".ablate", target / ".ablate")
    (target / ".ablate/id").unlink(missing_ok=True)
    return target


@pytest.fixture
def shared(empty_store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A store that two folders use."""
    store = Path(shutil.copy(empty_store, tmp_path / "shared.db"))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
    return tracking_uri()


def test_two_folders_that_create_the_experiment_at_once_have_one_each(
    swept: tuple[Path, Design], shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, study = swept
    warnings: list[str] = []
    monkeypatch.chdir(copy_of(folder, tmp_path / "two"))
    create = MlflowClient.create_experiment

    def create_after_the_other(self: MlflowClient, name: str, location: str, tags: dict[str, str]) -> str:
        if name == "tiny":
            create(self, name, tags={RECORD_TAG: "of another folder"})
        return str(create(self, name, location, tags))

    monkeypatch.setattr(MlflowClient, "create_experiment", create_after_the_other)
    send(study, warnings)
    runs = {
        one.name: len(client().search_runs([one.experiment_id]))
        for one in client().search_experiments()
        if one.name.startswith("tiny")
    }
    assert runs == {"tiny": 0, f"tiny ({record_id(Path('.ablate'))[:6]})": 4}


def test_two_folders_with_the_same_study_have_an_experiment_each(
    swept: tuple[Path, Design], shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, study = swept
    warnings: list[str] = []
    for name in ("one", "two"):
        monkeypatch.chdir(copy_of(folder, tmp_path / name))
        send(study, warnings)
    (warning,) = warnings
    own = f"tiny ({record_id(Path('.ablate'))[:6]})"
    assert f'the runs of this study are in "{own}"' in warning
    found = {one.name: one for one in client().search_experiments() if one.name.startswith("tiny")}
    assert set(found) == {"tiny", own}
    for name, experiment in (("one", found["tiny"]), ("two", found[own])):
        runs = client().search_runs([experiment.experiment_id])
        assert len(runs) == 4
        assert experiment.artifact_location == (tmp_path / name / "mlruns/tiny").as_uri()
    send(study, warnings)
    assert len(client().search_experiments()) == 3, "with Default: none is created again"


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_a_folder_that_is_moved_keeps_its_experiment_and_a_copy_gets_one_of_its_own(
    how: object, swept: tuple[Path, Design], shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, study = swept
    warnings: list[str] = []
    monkeypatch.chdir(copy_of(folder, tmp_path / "one"))
    send(study, warnings)
    monkeypatch.chdir(tmp_path)
    how(tmp_path / "one", tmp_path / "two")  # type: ignore[operator]
    monkeypatch.chdir(tmp_path / "two")
    send(study, warnings)
    expected = {"tiny"}
    if how is shutil.copytree:
        expected.add(f"tiny ({record_id(Path('.ablate'))[:6]})")
        assert record_id(Path(".ablate")) != record_id(tmp_path / "one" / ".ablate")
        assert '"tiny" is not from this folder' in warnings[0]
    found = {one.name: one for one in client().search_experiments() if one.name.startswith("tiny")}
    assert set(found) == expected
    for experiment in found.values():
        assert len(client().search_runs([experiment.experiment_id])) == 4


def test_a_copy_from_which_nothing_was_sent_has_no_page_yet_on_a_server_that_it_shares(
    swept: tuple[Path, Design], shared: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What `ablate ui` shows there must not be the experiment of the original; and showing it writes nothing."""
    folder, study = swept
    monkeypatch.chdir(copy_of(folder, tmp_path / "one"))
    send(study, [])
    assert comparison_page("tiny", Record())
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    monkeypatch.chdir(tmp_path / "two")
    with pytest.raises(AblateError, match="MLflow has no runs of tiny yet"):
        comparison_page("tiny", Record())
    assert record_id(Path(".ablate")) == record_id(tmp_path / "one" / ".ablate")
    send(study, [])
    (own,) = client().search_experiments(filter_string=f"name = 'tiny ({record_id(Path('.ablate'))[:6]})'")
    assert own.experiment_id in comparison_page("tiny", Record())


@pytest.mark.parametrize("with_a_run", [True, False])
@pytest.mark.parametrize("deleted", [True, False])
def test_an_experiment_of_somebody_else_is_left_alone(
    with_a_run: bool, deleted: bool, swept_copy: tuple[Record, Design], store: Path
) -> None:
    other = client().create_experiment("tiny", tags={"mlflow.note.content": "mine"})
    if with_a_run:
        client().create_run(other)
    if deleted:
        client().delete_experiment(other)
    before = content_of(other)
    warnings: list[str] = []
    send(swept_copy[1], warnings)
    (warning,) = warnings
    assert '"tiny" is not from this folder' in warning
    assert content_of(other) == before


def test_sync_says_the_name_of_the_experiment_too(swept_copy: tuple[Record, Design], store: Path) -> None:
    client().create_experiment("tiny")
    warnings: list[str] = []
    sync(RequestedRuns.of(swept_copy[1]), Record(warn=warnings.append))
    (warning,) = warnings
    name = f"tiny ({record_id(Path('.ablate'))[:6]})"
    assert f'"tiny" is not from this folder; the runs of this study are in "{name}"' in warning
    assert client().get_experiment_by_name(name) is not None


def content_of(experiment: str) -> tuple[dict[str, object], list[dict[str, object]]]:
    runs = client().search_runs([experiment], run_view_type=ViewType.ALL)
    return dict(client().get_experiment(experiment)), [run.to_dictionary() for run in runs]


def test_a_store_in_the_folder_is_that_of_its_record_even_if_the_record_is_a_new_one(
    swept_copy: tuple[Record, Design], store: Path
) -> None:
    _, study = swept_copy
    send(study, [])
    first = record_id(Path(".ablate"))
    Path(".ablate/id").unlink()
    warnings: list[str] = []
    send(study, warnings)
    assert warnings == []
    assert record_id(Path(".ablate")) != first
    assert sorted(found.name for found in client().search_experiments()) == ["Default", "tiny"]


@pytest.mark.parametrize("how", [shutil.move, shutil.copytree])
def test_the_files_of_a_folder_that_was_moved_or_copied_are_in_it(
    how: object, swept: tuple[Path, Design], empty_store: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, study = swept
    shutil.copy(empty_store, copy_of(folder, workplace / "old") / "mlflow.db")
    monkeypatch.chdir(workplace / "old")
    send(study, [])
    before = {run.info.run_name: run.info.run_id for run in runs_of_tiny()}
    how(workplace / "old", workplace / "new")  # type: ignore[operator]
    shutil.rmtree(workplace / "old", ignore_errors=True)
    monkeypatch.chdir(workplace / "new")
    sync(RequestedRuns.of(study), Record())
    assert {run.info.run_name: run.info.run_id for run in runs_of_tiny()} == before
    for run in runs_of_tiny():
        assert run.info.artifact_uri == (Path.cwd() / "mlruns/tiny" / run.info.run_id / "artifacts").as_uri()
        assert {file.path for file in client().list_artifacts(run.info.run_id)} >= {"run.json", "sample.png"}
    assert not (workplace / "old").exists()


def runs_of_tiny() -> list:  # type: ignore[type-arg]
    experiment = client().get_experiment_by_name("tiny")
    assert experiment is not None
    return list(client().search_runs([experiment.experiment_id]))
