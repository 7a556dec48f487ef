"""The MLflow mirror, against real stores: SQLite files in the test's own folder."""

import contextlib
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.adoption import adopt
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.reporting.study.data import export
from ablate.settings import Run
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.tracking.connection import address, redact_uri, tracking_uri
from ablate.tracking.errors import describe_error
from ablate.tracking.mirror import Mirror
from ablate.tracking.sync import sync as sync_store
from ablate.training.events import EpochEnded, Event, Failed
from tests.helpers.mirrors import each_epoch_once, mlflow_runs, run_mirror
from tests.helpers.stored import failure_of, result_of
from tests.helpers.tiny import write_tiny_study


@pytest.fixture(scope="module")
def mirrored_folder(
    swept: tuple[Path, Design], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Design]:
    """A folder whose record has been mirrored; not to be changed."""
    folder, study = swept
    mirrored = tmp_path_factory.mktemp("mirrored")
    shutil.copytree(folder / ".ablate", mirrored / ".ablate")
    shutil.copy(empty_store, mirrored / "mlflow.db")
    with contextlib.chdir(mirrored):
        assert run_mirror(study, Record()) == []
    return mirrored, study


@pytest.fixture
def mirrored(
    mirrored_folder: tuple[Path, Design], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, MlflowRun]:
    """For reading: the current folder is the mirrored one."""
    monkeypatch.chdir(mirrored_folder[0])
    return mlflow_runs()


@pytest.fixture
def mirrored_copy(mirrored_folder: tuple[Path, Design], workplace: Path) -> tuple[Record, Design]:
    """For tests that change something: the current folder is a copy of the mirrored one."""
    shutil.copytree(mirrored_folder[0], workplace, dirs_exist_ok=True)
    return Record(), mirrored_folder[1]


def test_there_is_one_flat_finished_run_for_each_arm_and_seed(mirrored: dict[str, MlflowRun]) -> None:
    assert set(mirrored) == {"with seed 0", "with seed 1", "without seed 0", "without seed 1"}
    assert {run.info.status for run in mirrored.values()} == {"FINISHED"}
    assert not any("mlflow.parentRunId" in run.data.tags for run in mirrored.values())


def test_all_resolved_settings_are_dotted_params(mirrored: dict[str, MlflowRun]) -> None:
    params = mirrored["without seed 1"].data.params
    assert params["model.skip"] == "none"
    assert params["data.cells.density"] == "0.002"
    assert params["seed"] == "1"


def test_each_epoch_is_logged_once_with_its_recorded_time(mirrored: dict[str, MlflowRun]) -> None:
    run = mirrored["with seed 0"]
    history = MlflowClient(tracking_uri=tracking_uri()).get_metric_history(run.info.run_id, "val/psnr")
    rows = Record().epochs(run.data.tags["ablate.run"])
    assert [(point.step, point.value, point.timestamp) for point in history] == [
        (row["epoch"], row["val/psnr"], int(row["time"] * 1000)) for row in rows
    ]


def test_the_results_are_those_of_the_record(mirrored: dict[str, MlflowRun]) -> None:
    run = mirrored["with seed 0"]
    results = result_of(Record(), run.data.tags["ablate.run"]).results
    assert {name: run.data.metrics[name] for name in results} == results


def test_runs_are_tagged_with_their_study_arm_and_outcome(mirrored: dict[str, MlflowRun]) -> None:
    tags = mirrored["without seed 0"].data.tags
    assert (tags["ablate.study"], tags["ablate.arm"]) == ("tiny", "without")
    assert tags["ablate.status"] in ("finished", "diverged")


def test_the_task_is_the_runs_dataset(mirrored: dict[str, MlflowRun]) -> None:
    datasets = [run.inputs.dataset_inputs[0].dataset for run in mirrored.values() if run.inputs]
    assert len(datasets) == len(mirrored)
    assert {dataset.name for dataset in datasets} == {"scenes"}
    assert len({dataset.digest for dataset in datasets}) == 1


def test_config_epochs_weights_and_sample_picture_are_artefacts(mirrored: dict[str, MlflowRun]) -> None:
    client = MlflowClient(tracking_uri=tracking_uri())
    found = {item.path for item in client.list_artifacts(mirrored["with seed 0"].info.run_id)}
    assert {"run.json", "epochs.json", "weights.safetensors", "sample.png"} <= found
    assert list(Path("mlruns/tiny").glob("*/artifacts/sample.png"))


def test_sending_again_changes_nothing(mirrored_copy: tuple[Record, Design]) -> None:
    record, study = mirrored_copy
    assert run_mirror(study, record) == []  # which corrects where the files are, since the folder was copied
    before = {name: run.to_dictionary() for name, run in mlflow_runs().items()}
    assert run_mirror(study, record) == []
    assert {name: run.to_dictionary() for name, run in mlflow_runs().items()} == before


def test_adopted_runs_are_sent_without_the_files_that_they_lack(swept_copy: tuple[Record, Design], store: Path) -> None:
    trained, study = swept_copy
    export(study, trained, Path("reports/tiny"))
    record = Record(Path("elsewhere"))
    adopt(study, record)
    assert run_mirror(study, record) == []
    assert each_epoch_once(study)
    run = mlflow_runs()["with seed 0"]
    results = result_of(trained, run.data.tags["ablate.run"]).results
    assert run.data.tags["ablate.adopted"] == "reports/tiny/data"
    assert {name: run.data.metrics[name] for name in results} == results
    found = {item.path for item in MlflowClient(tracking_uri=tracking_uri()).list_artifacts(run.info.run_id)}
    assert found == {"run.json", "epochs.json", "result.json"}


def test_a_deleted_run_and_a_deleted_experiment_come_back(mirrored_copy: tuple[Record, Design]) -> None:
    record, study = mirrored_copy
    client, run = MlflowClient(tracking_uri=tracking_uri()), mlflow_runs()["with seed 0"]
    client.delete_run(run.info.run_id)
    assert run_mirror(study, record) == []
    assert len(mlflow_runs()) == 4
    client.delete_experiment(run.info.experiment_id)
    assert run_mirror(study, record) == []
    assert len(mlflow_runs()) == 4


def test_two_studies_that_share_a_run_each_show_it(swept_copy: tuple[Record, Design], store: Path) -> None:
    record, study = swept_copy
    other = load_study(write_tiny_study(Path(), "other.yaml"))
    run_mirror(study, record)
    run_mirror(other, record)
    assert {run.data.tags["ablate.run"] for run in mlflow_runs("tiny").values()} == {
        run.data.tags["ablate.run"] for run in mlflow_runs("other").values()
    }


def test_an_interrupted_run_is_not_left_running_and_resumes_as_the_same_run(workplace: Path, store: Path) -> None:
    study, record = load_study(write_tiny_study(workplace)), Record()

    def interrupt(run: Run, event: Event) -> None:
        if isinstance(event, EpochEnded):
            raise KeyboardInterrupt

    def go(*listeners: object) -> None:
        with Mirror(RequestedRuns.of(study), record, pytest.fail) as mirror:
            sweep(Fixed(study.runs), InProcessExecutor(), record, [mirror, *listeners])  # type: ignore[list-item]

    with pytest.raises(KeyboardInterrupt):
        go(interrupt)
    (before,) = mlflow_runs().values()
    assert before.info.status == "KILLED"
    go()
    after = mlflow_runs()[before.info.run_name]
    assert (after.info.run_id, after.info.status) == (before.info.run_id, "FINISHED")
    history = MlflowClient(tracking_uri=tracking_uri()).get_metric_history(after.info.run_id, "val/psnr")
    assert [point.step for point in history] == [1, 2]


def test_a_deleted_run_is_restored_not_duplicated(mirrored_copy: tuple[Record, Design]) -> None:
    record, study = mirrored_copy
    client, before = MlflowClient(tracking_uri=tracking_uri()), mlflow_runs()
    client.delete_run(before["with seed 0"].info.run_id)
    sync_store(RequestedRuns.of(study), record)
    assert {name: run.info.run_id for name, run in mlflow_runs().items()} == {
        name: run.info.run_id for name, run in before.items()
    }


def test_a_deleted_database_is_rebuilt_completely(
    mirrored_copy: tuple[Record, Design], mirrored_folder: tuple[Path, Design]
) -> None:
    record, study = mirrored_copy
    with contextlib.chdir(mirrored_folder[0]):  # not in the copy: MLflow would keep its connection to the deleted file
        before = mlflow_runs()
    Path("mlflow.db").unlink()
    sync_store(RequestedRuns.of(study), record)
    assert {name: run.data.metrics for name, run in mlflow_runs().items()} == {
        name: run.data.metrics for name, run in before.items()
    }
    assert each_epoch_once(study)


def test_no_environment_variable_is_sent_to_mlflow(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    for name in ("AWS_SECRET_ACCESS_KEY", "MLFLOW_TRACKING_PASSWORD", "MLFLOW_TRACKING_TOKEN"):
        monkeypatch.setenv(name, "hunter2")
    assert run_mirror(study, record) == []
    stored_files = [path for path in [store, *Path("mlruns").rglob("*")] if path.is_file()]
    assert len(stored_files) > 4
    assert not [path for path in stored_files if b"hunter2" in path.read_bytes()]


def test_a_password_in_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert redact_uri("https://me:secret@host:5000/path") == "https://host:5000/path"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host:5000/")
    assert address("7") == "http://host:5000/#/experiments/7/runs?workflowType=machine_learning"


@pytest.mark.parametrize("part", ["secret", "me", "me:secret"])
def test_no_error_shows_a_password(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    uri = "http://me:secret@host:5000/path"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    for text in (f"cannot reach {uri}/api/2.0", "HTTPConnectionPool(me:secret@host)"):
        assert f"{part}@" not in describe_error(ConnectionError(text))


def test_a_failed_run_has_the_time_of_its_failure_and_is_sent_once(
    swept_copy: tuple[Record, Design], store: Path
) -> None:
    record, study = swept_copy
    run = study.runs[0]
    (record.folder(run.id) / "result.json").unlink()
    record.write_event(run, Failed("out of memory"))
    for _ in range(2):
        assert run_mirror(study, record) == []
        mirrored = mlflow_runs()["with seed 0"]
        assert mirrored.info.status == "FAILED"
        assert mirrored.info.end_time == int(failure_of(record, run.id).time * 1000)
        assert mirrored.data.tags["ablate.error"] == "out of memory"
