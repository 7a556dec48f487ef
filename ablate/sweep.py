"""The loop over source, executor and record. It knows no study, no statistics and no tracking."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ablate.executors import Executor
from ablate.record import Record
from ablate.settings import Run
from ablate.sources import Source
from ablate.training.events import Ended, Event, Failed

Listener = Callable[[Run, Event], None]
"""Told of each event after it is recorded: the terminal's view, the MLflow mirror."""


def sweep(source: Source, executor: Executor, record: Record, listeners: Iterable[Listener] = ()) -> None:
    """Train what the source proposes and the record does not hold, until the source wants no more."""
    asked: dict[str, Run] = {}
    results: dict[str, dict[str, Any]] = {}

    def ask() -> None:
        while fresh := {run.id: run for run in source.propose(results) if run.id not in asked}:
            asked.update(fresh)
            for run in fresh.values():
                if record.ended(run.id):
                    results[run.id] = record.result(run.id)
                else:
                    executor.submit(run, record.checkpoint(run.id))

    ask()
    for run_id, event in executor.events():
        record.take(asked[run_id], event)
        for listen in listeners:
            listen(asked[run_id], event)
        if isinstance(event, Ended):
            results[run_id] = record.result(run_id)
        if isinstance(event, Ended | Failed):
            ask()
