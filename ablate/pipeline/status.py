"""The status of every run that a study requests, from the record and small notes beside it, without MLflow."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple

from ablate.metrics import METRICS, Metric
from ablate.records.lock import Trainer, load_running
from ablate.records.record import ENDED, Record
from ablate.records.requests import Label, RequestedRuns, RunStatus
from ablate.tracking.shown import Shown, show
from ablate.tracking.sync_notes import load_notes
from ablate.tracking.tags import ADOPTED_TAG, ERROR_TAG, STATUS_TAG

STATUSES = (
    "finished",
    "diverged",
    "unscored",
    "running",
    "interrupted",
    "pruned",
    "not needed",
    "lost",
    "failed",
    "timed out",
    "set aside",
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
    """One study: its runs, and the recorded ones that only an earlier version of it requested.

    While a search `is_drawing` trials, these include runs that it may draw again.
    """

    study: str
    runs: list[TrackedStatus]
    former: list[FormerRun]
    is_drawing: bool = False

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
    shown = {run_id: show(run_id, requested, record) for run_id in (*requested.current_runs(), *requested.former)}
    metric = METRICS.get(requested.metric or "")

    def is_synced(run_id: str) -> bool:
        """Whether MLflow shows what is recorded of a run now."""
        facts = shown[run_id]
        return facts is None or sent.get(run_id) == facts.digest

    def status(run_id: str, label: Label) -> TrackedStatus:
        if run_id in trained:
            return _running(run_id, label, trained[run_id])
        facts = shown[run_id]
        if facts is None:
            return TrackedStatus(run_id, *label, "not started")
        found = _recorded(run_id, label, facts, synced=is_synced(run_id))
        return _unscored(found, metric) if metric and _lacks(facts, metric) and run_id in requested.runs else found

    runs = [status(run_id, label) for run_id, label in requested.current_runs().items()]
    runs = [_given_up(run, requested) if run.run in requested.given_up else run for run in runs]
    former = [FormerRun(str(label), is_synced(run_id)) for run_id, label in requested.former.items() if shown[run_id]]
    return Overview(requested.study, runs, former, requested.is_drawing)


def _lacks(shown: Shown, metric: Metric) -> bool:
    """Whether a run has ended, but was recorded before the metric existed that judges it."""
    return shown.tags[STATUS_TAG] in ENDED and metric.name not in shown.scores


def _unscored(run: TrackedStatus, metric: Metric) -> TrackedStatus:
    return replace(run, status="unscored", detail=f"recorded without {metric.name}")


def _given_up(run: TrackedStatus, requested: RequestedRuns) -> TrackedStatus:
    """A trial that its search has stopped is pruned; a run that no look of its study needs is not needed."""
    if run.status not in ("interrupted", "not started"):
        return run
    is_trial = run.run in requested.tuning or requested.is_search
    return replace(run, status="pruned" if is_trial else "not needed")


def _running(run: str, label: Label, trainer: Trainer) -> TrackedStatus:
    detail = f"process {trainer.pid}, slot {trainer.slot} on {trainer.device}"
    return TrackedStatus(run, *label, "running", detail, pid=trainer.pid)


def _recorded(run: str, label: Label, shown: Shown, *, synced: bool) -> TrackedStatus:
    """What MLflow should show of a run says all of it, so its files are read once."""
    recorded, reason, source = (shown.tags.get(tag, "") for tag in (STATUS_TAG, ERROR_TAG, ADOPTED_TAG))
    status = "interrupted" if recorded == "unfinished" else recorded
    return TrackedStatus(run, *label, status, reason or (f"adopted from {source}" if source else ""), synced)
