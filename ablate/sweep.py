"""The loop over source, executor and record. It knows no study, no statistics and no tracking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ablate.executors import Executor
from ablate.record import Record
from ablate.settings import Run
from ablate.sources import Source
from ablate.training.events import Ended, Event, Failed, Lost

Listener = Callable[[Run, Event], None]
"""Told of each event after it is recorded: the terminal's view, the MLflow mirror."""


def sweep(
    source: Source,
    executor: Executor,
    record: Record,
    listeners: Iterable[Listener] = (),
    *,
    retry_broken: bool = False,
) -> None:
    """Train what the source proposes and the record does not hold, until the source wants no more.

    Runs that broke in an earlier sweep are left alone; with `retry_broken`, only these are trained. A run whose worker
    is lost is tried once more, from its newest checkpoint.
    """
    asked: dict[str, Run] = {}
    results: dict[str, dict[str, Any]] = {}

    def ask() -> None:
        while fresh := {run.id: run for run in source.propose(results) if run.id not in asked}:
            asked.update(fresh)
            results.update({run_id: record.result(run_id) for run_id in fresh if record.ended(run_id)})
            for run in fresh.values():
                if record.wanting(run.id, broken=retry_broken):
                    executor.submit(run, record.checkpoint(run.id))

    ask()
    for run, event in _with_a_second_try(executor, record, asked):
        record.take(run, event)
        for listen in listeners:
            listen(run, event)
        if isinstance(event, Ended):
            results[run.id] = record.result(run.id)
        if isinstance(event, Ended | Failed):
            ask()


def _with_a_second_try(executor: Executor, record: Record, asked: Mapping[str, Run]) -> Iterator[tuple[Run, Event]]:
    """The executor's events; a run whose worker is lost goes on once from its newest checkpoint, then it has failed."""
    lost: set[str] = set()
    for run_id, event in executor.events():
        again = isinstance(event, Lost) and run_id not in lost
        yield asked[run_id], event if again or not isinstance(event, Lost) else Failed(f"{event.reason}, twice")
        if again:
            lost.add(run_id)
            executor.submit(asked[run_id], record.checkpoint(run_id))
