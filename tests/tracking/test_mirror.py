"""The MLflow mirror, against real stores: SQLite files in the test's own folder."""

import contextlib
import shutil
import socket
from pathlib import Path

import pytest
from conftest import write_tiny_study
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from ablate.executors.inprocess import InProcessExecutor
from ablate.loading import load_study
from ablate.planning import plan
from ablate.record import Record
from ablate.settings import Run
from ablate.sources.fixed import Fixed
from ablate.study import Study
from ablate.sweep import sweep
from ablate.tracking import Mirror, address, shown_uri, tracking_uri
from ablate.training.events import EpochEnded, Event, Failed


def tell(study: Study, record: Record) -> list[str]:
    """Mirror what is recorded; the warnings."""
    warnings: list[str] = []
    with Mirror(study, record, warnings.append) as mirror:
        for run in plan(study):
            mirror.news.put(run.id)
    return warnings


def told(name: str = "tiny") -> dict[str, MlflowRun]:
    """MLflow's runs of a study, by their names."""
    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


@pytest.fixture(scope="module")
def mirrored_folder(
    swept: tuple[Path, Study], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Study]:
    """A folder whose record has been mirrored; not to be changed."""
    folder, study = swept
    mirrored = tmp_path_factory.mktemp("mirrored")
    shutil.copytree(folder / ".ablate", mirrored / ".ablate")
    shutil.copy(empty_store, mirrored / "mlflow.db")
    with contextlib.chdir(mirrored):
        assert tell(study, Record()) == []
    return mirrored, study


@pytest.fixture
def mirrored(
    mirrored_folder: tuple[Path, Study], workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> dict[str, MlflowRun]:
    """To look at: the current folder is the mirrored one."""
    monkeypatch.chdir(mirrored_folder[0])
    return told()


@pytest.fixture
def mirrored_copy(mirrored_folder: tuple[Path, Study], workplace: Path) -> tuple[Record, Study]:
    """To change: the current folder is a copy of the mirrored one."""
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


def test_each_epoch_is_told_once_with_its_recorded_time(mirrored: dict[str, MlflowRun]) -> None:
    run = mirrored["with seed 0"]
    history = MlflowClient(tracking_uri=tracking_uri()).get_metric_history(run.info.run_id, "val/psnr")
    rows = Record().epochs(run.data.tags["ablate.run"])
    assert [(point.step, point.value, point.timestamp) for point in history] == [
        (row["epoch"], row["val/psnr"], int(row["time"] * 1000)) for row in rows
    ]


def test_the_results_are_those_of_the_record(mirrored: dict[str, MlflowRun]) -> None:
    run = mirrored["with seed 0"]
    results = Record().result(run.data.tags["ablate.run"])["results"]
    assert {name: run.data.metrics[name] for name in results} == results


def test_runs_are_tagged_with_their_study_arm_and_outcome(mirrored: dict[str, MlflowRun]) -> None:
    tags = mirrored["without seed 0"].data.tags
    assert (tags["ablate.study"], tags["ablate.arm"]) == ("tiny", "without")
    assert tags["ablate.status"] in ("finished", "diverged")


def test_the_task_is_the_runs_dataset(mirrored: dict[str, MlflowRun]) -> None:
    datasets = [run.inputs.dataset_inputs[0].dataset for run in mirrored.values()]
    assert {dataset.name for dataset in datasets} == {"scenes"}
    assert len({dataset.digest for dataset in datasets}) == 1


def test_config_curves_weights_and_sample_picture_are_artefacts(mirrored: dict[str, MlflowRun]) -> None:
    client = MlflowClient(tracking_uri=tracking_uri())
    found = {item.path for item in client.list_artifacts(mirrored["with seed 0"].info.run_id)}
    assert {"run.json", "epochs.json", "curves.png", "weights.safetensors", "sample.png"} <= found
    assert list(Path("mlruns/tiny").glob("*/artifacts/sample.png"))


def test_telling_again_changes_nothing(mirrored_copy: tuple[Record, Study]) -> None:
    record, study = mirrored_copy
    before = {name: run.to_dictionary() for name, run in told().items()}
    assert tell(study, record) == []
    assert {name: run.to_dictionary() for name, run in told().items()} == before


def test_a_deleted_run_and_a_deleted_experiment_are_told_again(mirrored_copy: tuple[Record, Study]) -> None:
    record, study = mirrored_copy
    client, run = MlflowClient(tracking_uri=tracking_uri()), told()["with seed 0"]
    client.delete_run(run.info.run_id)
    assert tell(study, record) == []
    assert len(told()) == 4
    client.delete_experiment(run.info.experiment_id)
    assert tell(study, record) == []
    assert len(told()) == 4


def test_two_studies_that_share_a_run_each_show_it(swept_copy: tuple[Record, Study], store: Path) -> None:
    record, study = swept_copy
    other = load_study(write_tiny_study(Path(), "other.yaml"))
    tell(study, record)
    tell(other, record)
    assert {run.data.tags["ablate.run"] for run in told("tiny").values()} == {
        run.data.tags["ablate.run"] for run in told("other").values()
    }


def test_an_interrupted_run_is_not_left_running_and_goes_on_as_the_same(workplace: Path, store: Path) -> None:
    study, record = load_study(write_tiny_study(workplace)), Record()

    def interrupt(run: Run, event: Event) -> None:
        if isinstance(event, EpochEnded):
            raise KeyboardInterrupt

    def go(*listeners: object) -> None:
        with Mirror(study, record, pytest.fail) as mirror:
            sweep(Fixed(plan(study)), InProcessExecutor(), record, [mirror, *listeners])  # type: ignore[list-item]

    with pytest.raises(KeyboardInterrupt):
        go(interrupt)
    (before,) = told().values()
    assert before.info.status == "KILLED"
    go()
    after = told()[before.info.run_name]
    assert (after.info.run_id, after.info.status) == (before.info.run_id, "FINISHED")
    history = MlflowClient(tracking_uri=tracking_uri()).get_metric_history(after.info.run_id, "val/psnr")
    assert [point.step for point in history] == [1, 2]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_is_away_costs_one_warning_and_is_told_later(
    swept_copy: tuple[Record, Study], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:secret@127.0.0.1:{free_port()}")
    warnings = tell(study, record)
    assert [("MLflow at http://127.0.0.1" in text, "secret" in text) for text in warnings] == [
        (True, False),
        (False, False),
    ]
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert tell(study, record) == []
    assert len(told()) == 4


def test_a_password_in_the_address_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown_uri("https://me:secret@host:5000/path") == "https://host:5000/path"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host:5000/")
    assert address("7") == "http://host:5000/#/experiments/7/runs?workflowType=machine_learning"


def test_a_run_that_was_half_told_is_completed_not_doubled(
    swept_copy: tuple[Record, Study], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, "log_inputs", refuse)
        assert len(tell(study, record)) == 2
    assert tell(study, record) == []
    assert len(told()) == 4
    assert all(run.inputs.dataset_inputs and run.data.params for run in told().values())


def refuse(*_: object, **__: object) -> None:
    raise ConnectionError("refused")


def test_a_failed_run_ends_when_it_failed_and_is_told_once(swept_copy: tuple[Record, Study], store: Path) -> None:
    record, study = swept_copy
    run = plan(study)[0]
    (record.folder(run.id) / "result.json").unlink()
    record.take(run, Failed("out of memory"))
    for _ in range(2):
        assert tell(study, record) == []
        mirrored = told()["with seed 0"]
        assert mirrored.info.status == "FAILED"
        assert mirrored.info.end_time == int(record.failure(run.id)["time"] * 1000)
        assert mirrored.data.tags["ablate.error"] == "out of memory"
