"""The loop over strategy, executor and record. It knows no study, no statistics and no tracking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from ablate.executors import Executor
from ablate.records.record import Record
from ablate.settings import Run
from ablate.strategies import Outcome, Strategy
from ablate.training.events import Ended, Event, Failed, Lost, Started, Stopped

Listener = Callable[[Run, Event], None]
"""Told of each event after it is recorded: the terminal's view, the MLflow mirror."""


def sweep(
    strategy: Strategy,
    executor: Executor,
    record: Record,
    listeners: Iterable[Listener] = (),
    *,
    retry_failed: bool = False,
) -> None:
    """Train what the strategy proposes and the record does not hold, until the strategy wants no more.

    Runs that broke in an earlier sweep are left alone; with `retry_failed`, only these are trained. A run whose worker
    is lost is tried once more, from its newest checkpoint. One that the strategy no longer proposes is stopped.
    """
    loop = _Loop(strategy, executor, record, list(listeners), retry_failed)
    loop.ask()
    for run, event in _with_a_second_try(executor, record, loop.requested):
        loop.take(run, event)
        if not isinstance(event, Started | Lost):
            loop.ask()


@dataclass
class _Loop:
    """What was asked of the executor, by run id: all `requested` runs, those still `open`, and what became of them."""

    strategy: Strategy
    executor: Executor
    record: Record
    listeners: list[Listener]
    retry_failed: bool
    requested: dict[str, Run] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def take(self, run: Run, event: Event) -> None:
        """Record an event, then tell of it."""
        self.record.write_event(run, event)
        self.begun.add(run.id)
        if isinstance(event, Ended | Failed | Stopped):
            self.open.discard(run.id)
        self._look_up(run.id)
        for listen in self.listeners:
            listen(run, event)

    def ask(self) -> None:
        """Submit what the strategy newly proposes, and stop what it no longer does."""
        while True:
            wanted = {run.id: run for run in self.strategy.propose(self.outcomes)}
            for run_id in [run_id for run_id in self.open if run_id not in wanted]:
                self._stop(run_id)
            fresh = [run for run in wanted.values() if run.id not in self.requested]
            if not fresh:
                return
            for run in fresh:
                self._submit(run)

    def _submit(self, run: Run) -> None:
        self.requested[run.id] = run
        self._look_up(run.id)
        if self.record.needs_training(run.id, retry_failed=self.retry_failed):
            self.open.add(run.id)
            self.executor.submit(run, self.record.checkpoint(run.id))

    def _stop(self, run_id: str) -> None:
        self.executor.cancel(run_id)
        self.open.discard(run_id)
        run = self.requested.pop(run_id)  # if it is proposed again, it is a fresh one
        if run_id in self.begun:
            self.take(run, Stopped())

    def _look_up(self, run_id: str) -> None:
        result = self.record.result(run_id)
        results = result.results if result else {}
        self.outcomes[run_id] = Outcome(self.record.status(run_id), self.record.epochs(run_id), results)


def _with_a_second_try(executor: Executor, record: Record, requested: Mapping[str, Run]) -> Iterator[tuple[Run, Event]]:
    """The executor's events; a run whose worker is lost goes on once from its newest checkpoint, then it has failed."""
    lost: set[str] = set()
    for run_id, event in executor.events():
        again = isinstance(event, Lost) and run_id not in lost
        yield requested[run_id], event if again or not isinstance(event, Lost) else Failed(f"{event.reason}, twice")
        if again:
            lost.add(run_id)
            executor.submit(requested[run_id], record.checkpoint(run_id))
