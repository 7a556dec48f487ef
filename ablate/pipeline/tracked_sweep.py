"""A sweep that is shown in the terminal and mirrored to MLflow."""

from __future__ import annotations

from ablate.executors import Executor
from ablate.pipeline.progress import LiveView, LogView
from ablate.pipeline.same_code import SameCode
from ablate.pipeline.sweep import Listener, sweep
from ablate.pipeline.terminal import Terminal
from ablate.records.lock import RunningFile
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.strategies import Strategy
from ablate.tracking.mirror import Mirror


def train_tracked(
    strategy: Strategy,
    requested: RequestedRuns,
    record: Record,
    executor: Executor,
    terminal: Terminal,
    view: LogView | LiveView,
    *,
    retry_failed: bool = False,
) -> str | None:
    """Train what a strategy proposes; returns the MLflow experiment, or None if MLflow does not have all of it."""
    others: list[Listener] = [RunningFile(record.root), SameCode(requested, terminal.warn)]
    with Mirror(requested, record, warn=terminal.warn) as mirror, executor, view:
        sweep(strategy, executor, record, [view, mirror, *others], retry_failed=retry_failed)
    return None if mirror.waiting else mirror.experiment
