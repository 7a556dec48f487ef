"""Every executor keeps the same promises."""

import pickle
from collections.abc import Iterator
from typing import get_args

import pytest

from ablate.executors import CLASSES, Executor, ExecutorName, Request, executor_class
from ablate.executors.inprocess import InProcessExecutor
from ablate.training.events import Ended, EpochEnded, Event, Failed, Started
from tests.helpers.executions import RUNS, collect_events, weights_of
from tests.helpers.tiny import tiny_run


@pytest.fixture(params=CLASSES)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """Each executor that can be named; those with other processes keep them for all tests."""
    if request.param == "inprocess":
        yield InProcessExecutor()
    else:
        yield request.getfixturevalue({"local": "warm", "ray": "cluster_of_one"}[request.param])


def test_a_run_tells_that_it_started_each_epoch_and_its_end(executor: Executor) -> None:
    executor.submit(RUNS[0])
    assert [type(event) for event in collect_events(executor)[RUNS[0].id]] == [Started, EpochEnded, EpochEnded, Ended]


def test_every_executor_gives_the_same_bits(executor: Executor) -> None:
    for run in RUNS:
        executor.submit(run)
    events = collect_events(executor)
    assert [events[run.id][-1].weights for run in RUNS] == [weights_of(run) for run in RUNS]


def test_a_failed_run_stops_no_other(executor: Executor) -> None:
    executor.submit(RUNS[0], lambda: b"no checkpoint at all")
    executor.submit(RUNS[1])
    events = collect_events(executor)
    assert isinstance(events[RUNS[0].id][-1], Failed)
    assert "Traceback" in events[RUNS[0].id][-1].trace
    assert isinstance(events[RUNS[1].id][-1], Ended)


def test_a_run_resumes_from_its_checkpoint(executor: Executor) -> None:
    executor.submit(RUNS[0])
    whole = collect_events(executor)[RUNS[0].id]
    newest = whole[1].checkpoint
    executor.submit(RUNS[0], lambda: newest)
    rest = collect_events(executor)[RUNS[0].id]
    assert [type(event) for event in rest] == [Started, EpochEnded, Ended]
    assert rest[-1].weights == whole[-1].weights


def test_runs_may_be_added_while_events_are_read(executor: Executor) -> None:
    def add_another(run_id: str, event: Event) -> None:
        if run_id == RUNS[0].id and isinstance(event, Ended):
            executor.submit(RUNS[1])

    executor.submit(RUNS[0])
    assert isinstance(collect_events(executor, add_another)[RUNS[1].id][-1], Ended)


def test_a_cancelled_run_tells_nothing_more(executor: Executor) -> None:
    def cancel_both(run_id: str, event: Event) -> None:
        if isinstance(event, EpochEnded):
            executor.cancel(run_id)

    long = tiny_run(training__epochs=500)
    executor.submit(long)
    assert [type(event) for event in collect_events(executor, cancel_both)[long.id]] == [Started, EpochEnded]


def test_a_cancelled_queued_run_never_starts(executor: Executor) -> None:
    for run in RUNS:
        executor.submit(run)
    executor.cancel(RUNS[2].id)
    assert set(collect_events(executor)) == {RUNS[0].id, RUNS[1].id}


def test_leaving_the_context_forgets_what_waits() -> None:
    with InProcessExecutor() as executor:
        executor.submit(RUNS[0])
    assert collect_events(executor) == {}


def test_every_executor_that_can_be_named_is_there() -> None:
    assert set(CLASSES) == set(get_args(ExecutorName))
    for name in CLASSES:
        assert executor_class(name).find_slots(Request("cpu", 1)).devices == ["cpu"]


def test_a_run_that_crossed_to_another_process_is_still_the_same() -> None:
    crossed = pickle.loads(pickle.dumps(RUNS[0]))
    assert (crossed, crossed.id) == (RUNS[0], RUNS[0].id)
