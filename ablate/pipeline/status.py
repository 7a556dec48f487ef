"""The status of every run that a study requests, from the record and small notes beside it, without MLflow."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from ablate.metrics import METRICS, Metric
from ablate.records.lock import Trainer, load_running
from ablate.records.record import ENDED, FAILED, Record, Status
from ablate.records.requests import Label, RequestedRuns, RunStatus
from ablate.tracking.shown import show
from ablate.tracking.sync_notes import load_notes

STATUSES = (
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
class TrackedStatus(RunStatus):
    """A run whose status is one of STATUSES; whether MLflow shows it, and which process trains it now."""

    synced: bool = True
    pid: int | None = None


class FormerRun(NamedTuple):
    """A recorded run that is no longer requested; whether MLflow shows it as such."""

    name: str
    synced: bool


@dataclass(frozen=True)
class Overview:
    """One study: its runs, and the recorded ones that only an earlier version of it requested."""

    study: str
    runs: list[TrackedStatus]
    former: list[FormerRun]

    def counts(self) -> dict[str, int]:
        """How many runs are in each of STATUSES, and how many MLflow does not show yet."""
        found = Counter(run.status for run in self.runs)
        return {
            **{status: found[status] for status in STATUSES},
            "not yet in MLflow": sum(not run.synced for run in self.runs) + sum(not run.synced for run in self.former),
        }

    def plain(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {"study": self.study, "counts": self.counts(), **asdict(self)}


def look_over(requested: RequestedRuns, record: Record) -> Overview:
    """The status of each of a study's runs."""
    trained, sent = load_running(record.root), load_notes(record.root, requested.study).runs

    def is_synced(run_id: str) -> bool:
        """Whether MLflow shows what is recorded of a run now."""
        shown = show(run_id, requested, record)
        return shown is None or sent.get(run_id) == shown.digest

    found = [
        _running(run_id, label, trained[run_id])
        if run_id in trained
        else _recorded(run_id, label, record, synced=is_synced(run_id))
        for run_id, label in requested.current_runs().items()
    ]
    if requested.metric in METRICS:
        found = [_scored(run, record, METRICS[requested.metric]) if run.run in requested.runs else run for run in found]
    runs = [_given_up(run) if run.run in requested.given_up else run for run in found]
    former = [
        FormerRun(str(label), is_synced(run_id))
        for run_id, label in requested.former.items()
        if record.status(run_id) != "absent"
    ]
    return Overview(requested.study, runs, former)


def _scored(run: TrackedStatus, record: Record, metric: Metric) -> TrackedStatus:
    """A run that has ended, but was recorded before the metric existed that judges it, is unscored."""
    result = record.result(run.run) if run.status in ENDED else None
    if result is None or result.has_score(metric):
        return run
    return replace(run, status="unscored", detail=f"recorded without {metric.name}")


def _given_up(run: TrackedStatus) -> TrackedStatus:
    """A run that its search has pruned, or that no look of its study needs, is given up, not interrupted."""
    return replace(run, status="given up") if run.status in ("interrupted", "not started") else run


def _running(run: str, label: Label, trainer: Trainer) -> TrackedStatus:
    detail = f"process {trainer.pid}, slot {trainer.slot} on {trainer.device}"
    return TrackedStatus(run, *label, "running", detail, pid=trainer.pid)


def _recorded(run: str, label: Label, record: Record, *, synced: bool) -> TrackedStatus:
    recorded = record.status(run)
    if recorded == "absent":
        return TrackedStatus(run, *label, "not started")
    status = "interrupted" if recorded == "unfinished" else recorded
    return TrackedStatus(run, *label, status, _detail(run, record, recorded), synced)


def _detail(run: str, record: Record, status: Status) -> str:
    """Why a run failed, or the data that it was adopted from."""
    if status in FAILED and (failure := record.failure(run)):
        return failure.reason
    source = record.adopted_from(run)
    return f"adopted from {source}" if source else ""
