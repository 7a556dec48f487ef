"""What has become of the runs that were asked for: from the record and small notes beside it, without MLflow."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any

from ablate.metrics import METRICS, Metric
from ablate.records.lock import Trainer, running
from ablate.records.record import BROKEN, ENDED, Record, Status
from ablate.records.requests import Asked, Label
from ablate.tracking.sync_notes import IN_MLFLOW, load

STATES = (
    "finished",
    "diverged",
    "unscored",
    "running",
    "interrupted",
    "given up",
    "failed",
    "timed out",
    "not started",
)


@dataclass(frozen=True)
class RunState:
    """One run: one of STATES, whether MLflow knows of it, and what trains it, why it broke, or where it comes from."""

    run: str
    arm: str
    seed: int
    state: str
    synced: bool
    detail: str = ""
    pid: int | None = None

    def __str__(self) -> str:
        return f"{Label(self.arm, self.seed)}: {self.state}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True)
class Overview:
    """One study: its runs, and the names of those that only an earlier version of it asked for."""

    study: str
    runs: list[RunState]
    former: list[str]

    def counts(self) -> dict[str, int]:
        """How many runs are in each of STATES, and how many MLflow has yet to be told of."""
        found = Counter(run.state for run in self.runs)
        return {
            **{state: found[state] for state in STATES},
            "not yet told to MLflow": sum(not run.synced for run in self.runs),
        }

    def plain(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {"study": self.study, "counts": self.counts(), **asdict(self)}


def look_over(asked: Asked, record: Record) -> Overview:
    """What has become of a study's runs."""
    trained, told = running(record.root), load(record.root, asked.study)
    found = [_state(run_id, label, record, trained.get(run_id), told) for run_id, label in asked.present().items()]
    if asked.metric in METRICS:
        found = [_scored(run, record, METRICS[asked.metric]) if run.run in asked.runs else run for run in found]
    runs = [_given_up(run) if run.run in asked.given_up else run for run in found]
    former = [str(label) for run_id, label in asked.former.items() if record.status(run_id) != "absent"]
    return Overview(asked.study, runs, former)


def _scored(run: RunState, record: Record, metric: Metric) -> RunState:
    """A run that has ended, but was recorded before the metric existed that judges it, is unscored."""
    result = record.result(run.run) if run.state in ENDED else None
    if result is None or result.has(metric):
        return run
    return replace(run, state="unscored", detail=f"recorded without {metric.name}")


def _given_up(run: RunState) -> RunState:
    """A run that its search has pruned, or that no look of its study needs, will not go on by itself."""
    return replace(run, state="given up") if run.state in ("interrupted", "not started") else run


def _state(run: str, label: Label, record: Record, trainer: Trainer | None, told: dict[str, str]) -> RunState:
    if trainer is not None:
        detail = f"process {trainer.pid}, slot {trainer.slot} on {trainer.device}"
        return RunState(run, *label, "running", synced=True, detail=detail, pid=trainer.pid)
    status = record.status(run)
    if status == "absent":
        return RunState(run, *label, "not started", synced=True)
    synced = told.get(run) == IN_MLFLOW[status]
    state = "interrupted" if status == "unfinished" else status
    return RunState(run, *label, state, synced, _detail(run, record, status))


def _detail(run: str, record: Record, status: Status) -> str:
    """Why a run broke, or where it was taken over from."""
    if status in BROKEN and (failure := record.failure(run)):
        return failure.reason
    source = record.adopted(run)
    return f"adopted from {source}" if source else ""
