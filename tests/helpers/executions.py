"""Some tiny runs, and all events of an executor."""

from collections.abc import Callable
from typing import Any

from ablate.executors import Executor
from ablate.settings import Run
from ablate.training.events import Ended, Event
from ablate.training.loop import train
from tests.helpers.tiny import tiny_run

RUNS = [tiny_run(seed) for seed in range(3)]


def weights_of(run: Run) -> bytes:
    """The weights of a run that is trained in this process, without any executor."""
    *_, end = train(run)
    assert isinstance(end, Ended)
    return end.weights


def collect_events(
    executor: Executor, on_event: Callable[[str, Event], None] = lambda run_id, event: None
) -> dict[str, list[Any]]:
    """All events by run, in order."""
    events: dict[str, list[Any]] = {}
    for run_id, event in executor.events():
        events.setdefault(run_id, []).append(event)
        on_event(run_id, event)
    return events
