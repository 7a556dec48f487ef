"""Runs whose workers are lost, with real training of tiny networks."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.executors import ReadCheckpoint, no_checkpoint
from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.records.tables import load_results, read_course, read_scores
from ablate.settings import Run
from ablate.statistics.course import compare_all
from ablate.statistics.verdicts import Comparison
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.training.events import Abandoned, Ended, EpochEnded, Event, Lost, NoRoom
from tests.helpers.tiny import tiny_run, write_tiny_study

RUNS = [tiny_run(0), tiny_run(1)]


class Log(list[tuple[str, type]]):
    """A listener that remembers."""

    def __call__(self, run: Run, event: Event) -> None:
        self.append((run.id, type(event)))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return Record(tmp_path / ".ablate")


LOST = Lost("its worker died: SIGKILL")


class Unlucky:
    """An executor whose worker is lost after the first epoch of a run, `times` times."""

    def __init__(self, times: int, event: Event = LOST) -> None:
        self.times, self.event, self.inner = times, event, InProcessExecutor()
        self.checkpoints: list[bytes | None] = []

    def submit(self, run: Run, checkpoint: ReadCheckpoint = no_checkpoint) -> None:
        self.checkpoints.append(checkpoint())
        self.inner.submit(run, checkpoint)

    def events(self) -> Iterator[tuple[str, Event]]:
        for run_id, event in self.inner.events():
            yield run_id, event
            if isinstance(event, EpochEnded) and self.times:
                self.times -= 1
                self.inner.cancel(run_id)
                yield run_id, self.event


@pytest.mark.parametrize(("times", "status"), [(1, "finished"), (2, "lost")])
def test_a_run_that_lost_its_worker_resumes_once_from_its_checkpoint(record: Record, times: int, status: str) -> None:
    executor, log = Unlucky(times), Log()
    sweep(Fixed(RUNS[:1]), executor, record, [log])  # type: ignore[arg-type]
    assert executor.checkpoints[0] is None
    assert executor.checkpoints[1] is not None
    assert len(executor.checkpoints) == 2
    assert record.status(RUNS[0].id) == status
    assert [kind for _, kind in log].count(EpochEnded) == 2, "no epoch is trained twice"
    assert (record.failure(RUNS[0].id) is None) == (status == "finished")
    assert log[-1][1] == (Ended if status == "finished" else Abandoned)


def test_a_run_whose_workers_are_killed_is_left_to_the_next_sweep_and_stops_no_other(record: Record) -> None:
    executor = Unlucky(4)
    sweep(Fixed(RUNS), executor, record)  # type: ignore[arg-type]
    assert len(executor.checkpoints) == 4, "the sweep ends"
    assert [record.status(run.id) for run in RUNS] == ["lost", "lost"]
    log = Log()
    sweep(Fixed(RUNS), InProcessExecutor(), record, [log])
    assert [kind for _, kind in log].count(Ended) == 2


class Doomed:
    """An executor whose workers die before they can start a run."""

    def __init__(self) -> None:
        self.waiting: list[Run] = []

    def submit(self, run: Run, checkpoint: ReadCheckpoint = no_checkpoint) -> None:
        self.waiting.append(run)

    def events(self) -> Iterator[tuple[str, Event]]:
        while self.waiting:
            yield self.waiting.pop(0).id, LOST


def test_runs_that_no_worker_could_start_are_left_to_the_next_sweep(record: Record) -> None:
    sweep(Fixed(RUNS), Doomed(), record)  # type: ignore[arg-type]
    assert [record.status(run.id) for run in RUNS] == ["lost", "lost"]
    sweep(Fixed(RUNS), InProcessExecutor(), record)
    assert [record.status(run.id) for run in RUNS] == ["finished", "finished"]


@pytest.mark.parametrize(("missing", "verdict", "pairs"), [(0, "waiting", 1), (1, "undecided", 1)])
def test_a_lost_run_is_left_out_if_the_study_says_so_until_the_next_sweep_has_resumed_it(
    record: Record, swept: tuple[Path, Design], tmp_path: Path, missing: int, verdict: str, pairs: int
) -> None:
    path = write_tiny_study(tmp_path)
    path.write_text(path.read_text() + f"missing: {missing}\n")
    study = load_study(path)

    def judge(record: Record) -> Comparison:
        runs = load_results(study, record)
        return compare_all(read_course(study, runs), read_scores(study, runs), study.against)["without"]

    sweep(Fixed(study.runs[1:]), InProcessExecutor(), record)
    sweep(Fixed(study.runs[:1]), Unlucky(2), record)  # type: ignore[arg-type]
    assert record.status(study.runs[0].id) == "lost"
    assert (judge(record).verdict, judge(record).pairs) == (verdict, pairs)
    sweep(Fixed(study.runs), InProcessExecutor(), record)
    assert judge(record) == judge(Record(swept[0] / ".ablate"))
    assert judge(record).pairs == 2


def test_a_run_resumes_as_often_as_it_finds_no_room_on_its_gpu(record: Record) -> None:
    run = tiny_run(training__epochs=5)
    executor = Unlucky(4, NoRoom("no room on cuda:0"))
    sweep(Fixed([run]), executor, record)  # type: ignore[arg-type]
    assert len(executor.checkpoints) == 5
    assert record.status(run.id) == "finished"
