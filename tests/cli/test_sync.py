"""`ablate sync` sends all that MLflow lacks; what one study cannot send keeps no other one from being sent."""

from pathlib import Path

import pytest
from mlflow import MlflowClient

from ablate.records.record import Record
from ablate.studies.planning import Design
from ablate.tracking.connection import tracking_uri
from tests.helpers.commands import mlflow_runs, sweep_here, typed
from tests.helpers.tiny import write_tiny_study


def test_sync_without_a_study_sends_all_that_were_swept(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_here(monkeypatch)
    write_tiny_study(Path(), "other.yaml")
    assert typed("sync", "other.yaml", monkeypatch=monkeypatch) == 0
    assert typed("sweep", "other.yaml", monkeypatch=monkeypatch) == 0
    store.unlink()
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert "4 not yet in MLflow" in capsys.readouterr().out
    assert typed("sync", monkeypatch=monkeypatch) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().out.splitlines()] == ["other", "tiny"]
    assert {told.info.status for told in mlflow_runs()} == {"FINISHED"}


def test_a_study_whose_files_are_refused_keeps_no_other_one_from_being_sent(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("tiny.yaml", "other.yaml"):
        write_tiny_study(Path(), name)

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError("no files here")

    monkeypatch.setattr(MlflowClient, "log_artifacts", refuse)
    assert typed("sync", "tiny.yaml", "other.yaml", monkeypatch=monkeypatch) == 1
    printed = capsys.readouterr().err
    assert [printed.count(f"error: {name}: MLflow at") for name in ("tiny", "other")] == [1, 1]
    client = MlflowClient(tracking_uri=tracking_uri())
    for name in ("tiny", "other"):
        experiment = client.get_experiment_by_name(name)
        assert experiment is not None
        assert len(client.search_runs([experiment.experiment_id])) == 4


def test_sync_where_nothing_was_swept_says_so(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("sync", monkeypatch=monkeypatch) == 2
    assert "no study has been swept" in capsys.readouterr().err
    assert typed("status", monkeypatch=monkeypatch) == 0
