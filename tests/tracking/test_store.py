"""What MLflow has of a run is corrected, whatever it is; and what it refuses costs only that."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

from ablate.pipeline.status import look_over
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns
from ablate.studies.planning import Design
from ablate.tracking import artefacts
from ablate.tracking.artefacts import ARTEFACTS, Artefact
from ablate.tracking.connection import tracking_uri
from ablate.tracking.mirror import Mirror
from ablate.tracking.store import Store
from ablate.tracking.sync import TrackingError, sync

FILES = {"run.json", "epochs.json", "result.json", "weights.safetensors", "arrays.safetensors", "sample.png"}


@pytest.fixture
def requested(swept_copy: tuple[Record, Design], store: Path) -> RequestedRuns:
    """The runs of a recorded study of which nothing has been sent, in the current folder."""
    return RequestedRuns.of(swept_copy[1])


def mirror(requested: RequestedRuns) -> list[str]:
    warnings: list[str] = []
    with Mirror(requested, Record(), warnings.append):
        pass
    return warnings


def client() -> MlflowClient:
    return MlflowClient(tracking_uri=tracking_uri())


def shown_runs() -> dict[str, MlflowRun]:
    experiment = client().get_experiment_by_name("tiny")
    assert experiment is not None
    return {run.data.tags["ablate.run"]: run for run in client().search_runs([experiment.experiment_id])}


def files_of(run: MlflowRun) -> set[str]:
    return {item.path for item in client().list_artifacts(run.info.run_id)}


def refuse(*_: object, **__: object) -> None:
    raise PermissionError("read-only file system")


def not_shown(requested: RequestedRuns) -> int:
    return look_over(requested, Record()).counts()["not yet in MLflow"]


def test_a_renamed_arm_is_renamed_and_what_is_no_longer_requested_becomes_former(requested: RequestedRuns) -> None:
    mirror(requested)
    assert not_shown(requested) == 0
    (first, label), *rest = requested.runs.items()
    edited = replace(requested, runs={run: Label("renamed", other.seed) for run, other in rest}, former={first: label})
    assert not_shown(edited) == 4
    assert mirror(edited) == []
    assert not_shown(edited) == 0
    found = shown_runs()
    assert found[first].data.tags["ablate.requested"] == "former"
    for run_id, _ in rest:
        tags, name = found[run_id].data.tags, found[run_id].info.run_name
        assert (tags["ablate.arm"], tags["ablate.requested"]) == ("renamed", "present")
        assert name == f"renamed seed {edited.runs[run_id].seed}"


def test_a_run_that_was_trained_again_is_shown_with_its_new_numbers_alone(requested: RequestedRuns) -> None:
    mirror(requested)
    run_id, before, record = next(iter(requested.runs)), shown_runs(), Record()
    for name, change in (("run.json", {"began": 7.0}), ("result.json", {"results": {"test/psnr": 30.0}})):
        read = record.facts(run_id) if name == "run.json" else record.result(run_id)
        assert read
        read.model_copy(update=change).write(record.folder(run_id) / name)
    assert mirror(requested) == []
    after = shown_runs()
    assert after[run_id].info.run_id != before[run_id].info.run_id
    assert after[run_id].data.metrics["test/psnr"] == 30.0
    assert {run.info.run_id for name, run in after.items() if name != run_id} == {
        run.info.run_id for name, run in before.items() if name != run_id
    }


def test_a_diverged_run_has_the_score_that_it_has_in_the_report(requested: RequestedRuns) -> None:
    mirror(requested)
    run_id, record = next(iter(requested.runs)), Record()
    result = record.result(run_id)
    assert result
    left = {name: value for name, value in result.results.items() if not name.startswith(("test/", "last/"))}
    changed = result.model_copy(update={"status": "diverged", "results": left})
    changed.write(record.folder(run_id) / "result.json")
    assert not_shown(requested) == 1
    mirror(requested)
    assert shown_runs()[run_id].data.metrics["test/psnr"] == result.results["zero/psnr"]


def test_runs_that_are_refused_hold_up_no_others(requested: RequestedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    *refused, accepted = requested.runs
    log_batch = SqlAlchemyStore.log_batch

    def refuse_some(store: SqlAlchemyStore, run_id: str, *words: object, **more: object) -> None:
        if client().get_run(run_id).data.tags["ablate.run"] in refused:
            raise PermissionError("not this one")
        log_batch(store, run_id, *words, **more)  # type: ignore[no-untyped-call]

    monkeypatch.setattr(SqlAlchemyStore, "log_batch", refuse_some)
    assert len(mirror(requested)) == 2
    assert {run_id for run_id, run in shown_runs().items() if run.info.status == "FINISHED"} == {accepted}


def test_a_run_that_is_no_longer_recorded_becomes_former(requested: RequestedRuns) -> None:
    mirror(requested)
    run_id = next(iter(requested.runs))
    shutil.rmtree(Record().folder(run_id))
    mirror(requested)
    assert shown_runs()[run_id].data.tags["ablate.requested"] == "former"


def test_a_run_that_was_lost_when_the_sweep_began_is_replaced_by_its_new_training(requested: RequestedRuns) -> None:
    mirror(requested)
    run_id, record = next(iter(requested.runs)), Record()
    kept = shutil.move(record.folder(run_id), "kept")
    store = Store(requested, record)
    assert shown_runs()[run_id].data.tags["ablate.requested"] == "former"
    shutil.move(kept, record.folder(run_id))
    facts = record.facts(run_id)
    assert facts
    facts.model_copy(update={"began": 7.0}).write(record.folder(run_id) / "run.json")
    store.send(run_id)
    found = client().search_runs([store.experiment], f"tags.`ablate.run` = '{run_id}'")
    assert [(run.info.start_time, run.data.tags["ablate.requested"]) for run in found] == [(7000, "present")]


def test_runs_of_which_the_record_knows_nothing_become_former(requested: RequestedRuns) -> None:
    mirror(requested)
    run_id = next(iter(requested.runs))
    mirror(replace(requested, runs={name: label for name, label in requested.runs.items() if name != run_id}))
    assert shown_runs()[run_id].data.tags["ablate.requested"] == "former"


def test_files_that_are_refused_cost_nothing_but_the_files(
    requested: RequestedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as refusing:
        refusing.setattr(MlflowClient, "log_artifacts", refuse)
        (warning,) = mirror(requested)
        assert "not the files (weights, settings, samples) of 4 runs" in warning
        assert "read-only file system" in warning
        found = shown_runs()
        assert {run.info.status for run in found.values()} == {"FINISHED"}
        assert all("test/psnr" in run.data.metrics for run in found.values())
        assert not_shown(requested) == 4
        with pytest.raises(TrackingError, match="of 4 runs: PermissionError: read-only"):
            sync(requested, Record())
    sync(requested, Record())
    assert not_shown(requested) == 0
    assert {frozenset(files_of(run)) for run in shown_runs().values()} == {frozenset(FILES)}


def test_a_file_that_was_deleted_by_hand_is_sent_again_by_sync(requested: RequestedRuns) -> None:
    mirror(requested)
    shutil.rmtree("mlruns")
    mirror(requested)
    assert not any(files_of(run) for run in shown_runs().values()), "a sweep does not list the files of every run"
    sync(requested, Record())
    assert {frozenset(files_of(run)) for run in shown_runs().values()} == {frozenset(FILES)}


def test_a_new_kind_of_artefact_reaches_runs_that_ended_before(
    requested: RequestedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    def note(record: Record, run_id: str) -> Iterator[Artefact]:
        path = record.folder(run_id) / "note.txt"
        path.write_text("new")
        yield path

    mirror(requested)
    monkeypatch.setattr(artefacts, "ARTEFACTS", (*ARTEFACTS, note))
    assert not_shown(requested) == 4
    mirror(requested)
    assert {frozenset(files_of(run)) for run in shown_runs().values()} == {frozenset(FILES | {"note.txt"})}


def test_asynchronous_logging_loses_no_number(requested: RequestedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_ENABLE_ASYNC_LOGGING", "true")
    with monkeypatch.context() as refusing:
        refusing.setattr(SqlAlchemyStore, "log_batch", refuse)
        assert len(mirror(requested)) == 2
        assert "FINISHED" not in {run.info.status for run in shown_runs().values()}
    assert mirror(requested) == []
    assert all("test/psnr" in run.data.metrics for run in shown_runs().values())
