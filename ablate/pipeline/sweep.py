"""The loop over strategy, executor and record. It knows nothing of studies, statistics or tracking."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial

from ablate.executors import Executor
from ablate.records.adoptable import Adoptable
from ablate.records.record import MISSING, Record
from ablate.settings import Run
from ablate.strategies import Outcome, Strategy
from ablate.training.events import Abandoned, Adopted, Ended, Event, Failed, Lost, NoRoom, Started, Stopped

Listener = Callable[[Run, Event], None]
"""Called with each event once it has been recorded: the terminal's view, the MLflow mirror."""

Finder = Callable[[Run], Adoptable | None]
"""Looks for a run elsewhere before it is trained."""


def find_nothing(run: Run) -> None:
    """The finder of a sweep that trains everything itself."""


def sweep(
    strategy: Strategy,
    executor: Executor,
    record: Record,
    listeners: Iterable[Listener] = (),
    *,
    find: Finder = find_nothing,
    retry_failed: bool = False,
) -> None:
    """Train what the strategy proposes and the record does not have, until the strategy proposes nothing new.

    What `find` finds elsewhere is adopted instead. Runs that failed in an earlier sweep are not trained again; with
    `retry_failed`, only these are. A run whose worker is lost is tried again once, from its newest checkpoint, and then
    left to the next sweep. A run that the strategy no longer proposes is stopped.
    """
    loop = _Loop(strategy, executor, record, list(listeners), find, retry_failed)
    loop.follow_strategy()
    for run, event in _with_second_try(executor, record, loop.submitted):
        loop.take(run, event)
        if not isinstance(event, Started | Lost):
            loop.follow_strategy()


@dataclass
class _Loop:
    """The state of a sweep, by run id.

    Attributes:
        submitted: all runs that the strategy has proposed, whether they needed training or not.
        open: those that the executor has not finished.
        started: those of which there was an event.
        outcomes: how far each run has come, for the strategy.
    """

    strategy: Strategy
    executor: Executor
    record: Record
    listeners: list[Listener]
    find: Finder
    retry_failed: bool
    submitted: dict[str, Run] = field(default_factory=dict)
    open: set[str] = field(default_factory=set)
    started: set[str] = field(default_factory=set)
    outcomes: dict[str, Outcome] = field(default_factory=dict)

    def take(self, run: Run, event: Event) -> None:
        """Record an event, then pass it on: what a listener sees is never lost."""
        self.record.write_event(run, event)
        self.started.add(run.id)
        if isinstance(event, Ended | Failed | Stopped | Abandoned):
            self.open.discard(run.id)
        self._look_up(run.id)
        for listen in self.listeners:
            listen(run, event)

    def follow_strategy(self) -> None:
        """Submit the runs that the strategy newly proposes, and stop those that it no longer proposes.

        Runs that are already recorded may make it propose more, so this repeats until nothing is new.
        """
        while True:
            proposed = {run.id: run for run in self.strategy.propose(self.outcomes)}
            for run_id in [run_id for run_id in self.open if run_id not in proposed]:
                self._stop(run_id)
            new = [run for run in proposed.values() if run.id not in self.submitted]
            if not new:
                return
            for run in new:
                self._submit(run)

    def _submit(self, run: Run) -> None:
        self.submitted[run.id] = run
        if self.record.needs_training(run.id, retry_failed=self.retry_failed):
            if found := self.find(run):
                self.record.adopt(found)
                self.take(run, Adopted(found.result.adopted or "", len(found.rows)))
                return
            self.open.add(run.id)
            self.executor.submit(run, partial(self.record.checkpoint, run.id))
        self._look_up(run.id)

    def _stop(self, run_id: str) -> None:
        self.executor.cancel(run_id)
        self.open.discard(run_id)
        run = self.submitted.pop(run_id)  # proposed again later, it counts as new
        if run_id in self.started:
            self.take(run, Stopped())

    def _look_up(self, run_id: str) -> None:
        result = self.record.result(run_id)
        results = result.results if result else {}
        status, epochs = self.record.status(run_id), self.record.epochs(run_id)
        if run_id in self.open and status in MISSING:  # it is about to be tried again
            status = "unfinished"
        self.outcomes[run_id] = Outcome(status, epochs, results)


def _with_second_try(executor: Executor, record: Record, submitted: Mapping[str, Run]) -> Iterator[tuple[Run, Event]]:
    """The executor's events. A run whose worker is lost resumes from its newest checkpoint; only once in a sweep.

    A worker can be killed for reasons that are not the run's, e.g. since memory ran out, so the run has not failed. One
    that finds no room on its GPU resumes as often as that happens.
    """
    lost: set[str] = set()
    for run_id, event in executor.events():
        if isinstance(event, Lost) and run_id in lost and not isinstance(event, NoRoom):
            yield submitted[run_id], Abandoned(f"{event.reason}, twice")
            continue
        yield submitted[run_id], event
        if isinstance(event, Lost):
            if not isinstance(event, NoRoom):
                lost.add(run_id)
            executor.submit(submitted[run_id], partial(record.checkpoint, run_id))
