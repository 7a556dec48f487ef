"""The loop over source, executor and record, with real training of tiny networks."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import tiny_run

from ablate.executors.inprocess import InProcessExecutor
from ablate.record import Record
from ablate.settings import Run
from ablate.sources import Results
from ablate.sources.fixed import Fixed
from ablate.sweep import sweep
from ablate.training.events import Ended, EpochEnded, Event, Failed, Started

RUNS = [tiny_run(0), tiny_run(1)]


class Log(list[tuple[str, type]]):
    """A listener that remembers."""

    def __call__(self, run: Run, event: Event) -> None:
        self.append((run.id, type(event)))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / ".ablate")


def test_every_run_is_trained_and_recorded(record: Record) -> None:
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    assert [record.status(run.id) for run in RUNS] == ["finished", "finished"]


def test_a_recorded_run_is_never_trained_again(record: Record) -> None:
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert log == []


def test_listeners_hear_of_an_event_after_it_is_recorded(record: Record) -> None:
    def check(run: Run, event: Event) -> None:
        if isinstance(event, EpochEnded):
            assert record.epochs(run.id) == event.rows

    sweep(Fixed(RUNS[:1]), InProcessExecutor(), record, [check])


@pytest.mark.parametrize("epochs", [0, 1, 2])
def test_an_interrupted_sweep_ends_with_the_same_numbers(record: Record, tmp_path: Path, epochs: int) -> None:
    whole = Record(tmp_path / "whole")
    sweep(Fixed(RUNS), InProcessExecutor(), whole)

    def interrupt(run: Run, event: Event) -> None:
        if len(getattr(event, "rows", [])) == epochs and not isinstance(event, Ended):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sweep(Fixed(RUNS), InProcessExecutor(), record, [interrupt])
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert log.count((RUNS[0].id, EpochEnded)) == 2 - epochs
    for run in RUNS:
        weights = [where.folder(run.id) / "weights.safetensors" for where in (record, whole)]
        assert weights[0].read_bytes() == weights[1].read_bytes()
        assert curves(record, run) == curves(whole, run)


def curves(record: Record, run: Run) -> list[dict[str, float]]:
    """The recorded epochs without what the clock says."""
    return [{name: row[name] for name in row if "time" not in name} for row in record.epochs(run.id)]


def test_a_failed_run_stops_no_other_and_is_tried_again_by_the_next_sweep(record: Record) -> None:
    record.take(RUNS[0], Started(0, "cpu"))
    (record.folder(RUNS[0].id) / "checkpoint.pt").write_bytes(b"spoilt")
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert (RUNS[0].id, Failed) in log
    assert [record.status(run.id) for run in RUNS] == ["failed", "finished"]
    (record.folder(RUNS[0].id) / "checkpoint.pt").unlink()
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    assert record.status(RUNS[0].id) == "finished"


class OneByOne:
    """A source that proposes its next run when the last one has its result."""

    def propose(self, results: Results) -> Sequence[Run]:
        return [tiny_run(seed) for seed in range(min(3, len(results) + 1))]


def test_a_source_may_propose_more_as_results_come(record: Record) -> None:
    log = Log()
    sweep(OneByOne(), InProcessExecutor(), record, [log])
    assert [run_id for run_id, kind in log if kind is Ended] == [tiny_run(seed).id for seed in range(3)]


def test_a_source_hears_of_results_that_were_recorded_before(record: Record) -> None:
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    log = Log()
    sweep(OneByOne(), InProcessExecutor(), record, [log])
    assert {run_id for run_id, _ in log} == {tiny_run(2).id}
