"""A sweep that is shown in the terminal and mirrored to MLflow."""

from __future__ import annotations

from ablate.executors import Executor
from ablate.pipeline.progress import LiveView, LogView
from ablate.pipeline.same_code import SameCode
from ablate.pipeline.sweep import Listener, find_nothing, sweep
from ablate.pipeline.terminal import Terminal
from ablate.records.lock import RunningFile
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, save_requested
from ablate.strategies import Strategy
from ablate.tracking.finished import FinishedRuns
from ablate.tracking.mirror import Mirror


def train_tracked(
    strategy: Strategy,
    requested: RequestedRuns,
    record: Record,
    executor: Executor,
    terminal: Terminal,
    view: LogView | LiveView,
    *,
    reuse: bool = False,
    retry_failed: bool = False,
) -> str | None:
    """Train what a strategy proposes, and save what it gave up.

    With `reuse`, runs that are on the tracking server are adopted instead.

    Returns:
        The MLflow experiment, or None if MLflow lacks some run. A run of which it lacks only files is not counted.

    Raises:
        AblateError: MLflow cannot be read, but runs are to be reused.
    """
    find = FinishedRuns(requested, terminal.warn) if reuse else find_nothing
    others: list[Listener] = [RunningFile(record.root), SameCode(requested, terminal.warn)]
    with Mirror(requested, record, warn=terminal.warn) as mirror, executor, view:
        sweep(strategy, executor, record, [view, mirror, *others], find=find, retry_failed=retry_failed)
        requested.given_up[:] = strategy.given_up  # before the mirror's last pass, which shows it
        save_requested(record.root, requested)
    return None if mirror.waiting else mirror.experiment
