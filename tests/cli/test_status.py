"""`ablate status` shows what each study requested, and how its runs ended."""

import json
from pathlib import Path

import pytest

from ablate.records.record import Record
from ablate.studies.planning import Design
from ablate.training.events import Failed
from tests.helpers.commands import mlflow_runs, sweep_here, typed
from tests.helpers.tiny import write_tiny_study


def test_runs_that_an_edited_study_no_longer_asks_for_are_named_and_kept(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_here(monkeypatch)
    before = sorted(map(str, Path(".ablate/runs").rglob("*")))
    write_tiny_study(Path(), seeds="[1]")
    capsys.readouterr()
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "No longer requested by this study, but kept: with seed 0, without seed 0." in shown.err
    assert "2 runs, 2 of them recorded already, 0 to train." in shown.out
    assert sorted(map(str, Path(".ablate/runs").rglob("*"))) == before
    assert len(mlflow_runs()) == 4
    sweep_here(monkeypatch)
    assert "No longer" not in capsys.readouterr().err, "it is said once"
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert "no longer requested, but kept: with seed 0, without seed 0" in capsys.readouterr().out


def test_status_shows_the_status_of_each_run(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    runs = study.runs
    for run in runs[1:3]:
        (record.folder(run.id) / "result.json").unlink()
    record.write_event(runs[2], Failed("out of memory"))
    assert typed("status", "tiny.yaml", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "1 interrupted, 1 failed" in shown
    assert "4 not yet in MLflow" in shown
    assert "failed (out of memory)" in shown
    assert sweep_here(monkeypatch) == 1
    capsys.readouterr()
    assert typed("status", "--json", monkeypatch=monkeypatch) == 0
    (facts,) = json.loads(capsys.readouterr().out)
    assert (facts["study"], facts["counts"]["failed"], facts["counts"]["not yet in MLflow"]) == ("tiny", 1, 0)
    assert [run["status"] for run in facts["runs"] if run["run"] == runs[2].id] == ["failed"]
