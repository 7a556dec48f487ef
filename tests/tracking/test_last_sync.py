"""MLflow is contacted again as soon as it, the record, the names of runs or the report may have changed."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, load_requested
from ablate.studies.planning import Design
from ablate.tracking.connection import tracking_uri
from ablate.tracking.last_sync import find_last_sync
from tests.helpers.commands import mlflow_runs, sweep_here


@pytest.fixture
def synced(swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch) -> RequestedRuns:
    """A finished study that was swept again, which sent all of it."""
    assert sweep_here(monkeypatch) == 0
    requested = load_requested(Path(".ablate"), "tiny")
    assert requested
    return requested


def refuse(*_: object, **__: object) -> None:
    raise AssertionError("MLflow is not needed")


def test_a_second_sweep_of_a_finished_study_does_not_connect(
    synced: RequestedRuns, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    monkeypatch.setattr("ablate.tracking.store.connect", refuse)
    monkeypatch.setattr("ablate.tracking.comparison.connect", refuse)
    assert sweep_here(monkeypatch) == 0
    printed = capsys.readouterr()
    assert "&viewStateShareKey=arms" in printed.out
    assert "not sent" not in printed.err


def delete_a_run() -> None:
    MlflowClient(tracking_uri=tracking_uri()).delete_run(next(iter(mlflow_runs())).info.run_id)


CHANGES: dict[str, Callable[[], object]] = {
    "a run deleted in MLflow": delete_a_run,
    "a store that is gone": lambda: Path("mlflow.db").unlink(),
    "a new result": lambda: next(iter(Path(".ablate/runs").glob("*/result.json"))).write_text("{}"),
    "a failure": lambda: (next(iter(Path(".ablate/runs").iterdir())) / "failure.json").write_text("{}"),
    "a damaged note": lambda: Path(".ablate/sent/tiny.json").write_text('{"address": 1}'),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_change_is_noticed(synced: RequestedRuns, change: Callable[[], object]) -> None:
    assert find_last_sync(synced, Record())
    change()
    assert find_last_sync(synced, Record()) is None


def test_other_names_are_noticed(synced: RequestedRuns) -> None:
    run_id, label = next(iter(synced.runs.items()))
    synced.runs[run_id] = label._replace(arm="renamed")
    assert find_last_sync(synced, Record()) is None


def test_a_server_is_contacted_each_time(synced: RequestedRuns, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert find_last_sync(synced, Record()) is None


def test_a_run_that_was_deleted_comes_back_with_the_next_sweep(
    synced: RequestedRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(mlflow_runs())
    delete_a_run()
    assert len(mlflow_runs()) == before - 1
    assert sweep_here(monkeypatch) == 0
    assert len(mlflow_runs()) == before
