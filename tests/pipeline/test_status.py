"""The status of each run, without MLflow."""

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.status import Overview, look_over
from ablate.pipeline.sweep import sweep
from ablate.records.lock import RunningFile, only_writer
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, requested_by, save_requested
from ablate.strategies.fixed import Fixed
from ablate.strategies.sequential import UntilDecided
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.tracking.shown import show
from ablate.tracking.sync_notes import load_notes, save_notes
from ablate.training.events import Abandoned, EpochEnded, Failed, Started
from tests.helpers.tiny import write_tiny_study


def states(record: Record, study: Design) -> dict[str, str]:
    return {run.run: run.status for run in look_over(RequestedRuns.of(study), record).runs}


def test_a_run_is_running_only_while_its_sweep_is(swept: tuple[Path, Design], tmp_path: Path) -> None:
    study, record = swept[1], Record(tmp_path)
    run = study.runs[0]
    with only_writer(tmp_path, pytest.fail):
        record.write_event(run, Started(0, "cpu"))
        RunningFile(tmp_path)(run, Started(0, "cpu"))
        assert states(record, study)[run.id] == "running"
        (shown,) = [shown for shown in look_over(RequestedRuns.of(study), record).runs if shown.run == run.id]
        assert (shown.pid, f"process {os.getpid()}, slot 0 on cpu" in str(shown)) == (os.getpid(), True)
    assert states(record, study)[run.id] == "interrupted"


def test_every_state_is_counted(swept: tuple[Path, Design], tmp_path: Path) -> None:
    study, record = swept[1], Record(tmp_path)
    ends = [None, Failed("a reason"), Failed("a reason", status="timed out"), Abandoned("a reason")]
    for run, end in zip(study.runs, ends, strict=True):
        record.write_event(run, Started(0, "cpu"))
        record.write_event(run, EpochEnded([], b""))
        if end:
            record.write_event(run, end)
    assert counted(record, study) == {
        "interrupted": 1,
        "lost": 1,
        "failed": 1,
        "timed out": 1,
        "not yet in MLflow": 4,
    }


def test_what_no_look_needed_is_not_needed_until_it_is_trained(tmp_path: Path) -> None:
    study = load_study(write_tiny_study(tmp_path, seeds="{looks: [2, 3]}", margin="100"))
    strategy, record = UntilDecided(study, slots=lambda: 1), Record(tmp_path)
    sweep(strategy, InProcessExecutor(), record)
    save_requested(record.root, replace(RequestedRuns.of(study), given_up=strategy.given_up))
    assert counted(record, study)["not needed"] == 2
    third = study.with_changes(requested_seeds=3)
    sweep(Fixed(third.runs), InProcessExecutor(), record)
    assert "not needed" not in counted(record, study)


def counted(record: Record, study: Design) -> dict[str, int]:
    counts = look_over(requested_by(record.root, study), record).counts()
    return {state: count for state, count in counts.items() if count}


def test_what_was_sent_is_known_for_each_server(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@one")
    notes, requested = load_notes(record.root, study.name), RequestedRuns.of(study)
    shown = {run.id: show(run.id, requested, record) for run in study.runs[1:]}
    notes.runs = {run_id: each.digest for run_id, each in shown.items() if each}
    save_notes(record.root, study.name, notes)
    assert unknown(look_over(RequestedRuns.of(study), record)) == 1
    assert not [path for path in record.root.rglob("*.json") if "secret" in path.read_text()]
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://two")
    assert unknown(look_over(RequestedRuns.of(study), record)) == 4


def unknown(overview: Overview) -> int:
    return overview.counts()["not yet in MLflow"]
