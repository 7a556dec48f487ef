"""How long a sweep will take, against sums made by hand."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

from ablate.pipeline import estimate as module
from ablate.pipeline.estimate import duration, estimate, timed_seconds
from ablate.records.models import Result
from ablate.records.record import Record
from ablate.settings import Run
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.training.environment import device_name
from tests.helpers.tiny import tiny_run, write_tiny_study

Times = dict[str, tuple[float, list[float], float | None]]


@dataclass
class FixedRecord(Record):
    """A record with given times: for each run its start, the ends of its epochs, and its end."""

    times: Times = field(default_factory=dict)
    device: str = field(default_factory=lambda: device_name("cpu"))

    def has_ended(self, run_id: str) -> bool:
        return run_id in self.times and self.times[run_id][2] is not None

    def needs_training(self, run_id: str, *, retry_failed: bool = False) -> bool:
        return not self.has_ended(run_id)

    def start_time(self, run_id: str) -> float:
        return self.times[run_id][0]

    def epochs(self, run_id: str) -> list[dict[str, float]]:
        return [{"time": time} for time in self.times.get(run_id, (0, [], None))[1]]

    def result(self, run_id: str) -> Result:
        ended = self.times[run_id][2]
        assert ended is not None
        return Result(status="finished", results={}, environment={"device": self.device}, ended=ended)


@pytest.fixture
def study(tmp_path: Path) -> Design:
    return load_study(write_tiny_study(tmp_path, seeds="4"))


@pytest.fixture
def timed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Timing a run says 100 seconds; returns the list of runs that were timed."""
    runs: list[str] = []

    def timed_seconds(run: Run, device: str) -> float:
        runs.append(run.id)
        return 100.0

    monkeypatch.setattr(module, "timed_seconds", timed_seconds)
    monkeypatch.setattr(module, "overhead_seconds", lambda: 0.0)
    return runs


def ids(study: Design, arm: int) -> list[str]:
    return [study.arms[arm].run(seed).id for seed in study.seeds]


def test_recorded_runs_predict_the_others_of_their_arm(study: Design, timed: list[str]) -> None:
    """Each of two epochs took 10 s, the last scores 3 s: 23 s for each of the two runs that are left."""
    first, second = ids(study, 0)[:2]
    record = FixedRecord(times={first: (0, [10, 20], 23), second: (50, [60, 70], 73)})
    found = estimate(study, record, ["cpu"])
    assert found.seconds == 2 * 23 + 4 * 100
    assert (found.recorded, found.timed, found.assumed) == (1, 1, 0)
    assert timed == [ids(study, 1)[0]]


def test_a_run_that_was_cut_off_for_hours_does_not_count_for_hours(study: Design, timed: list[str]) -> None:
    times: Times = {run: (0.0, [10.0, 20.0], 23.0) for run in ids(study, 0)[:2]}
    times[ids(study, 0)[2]] = (0.0, [10.0, 90_000.0], 90_003.0)
    assert estimate(study, FixedRecord(times=times), ["cpu"]).seconds == 23 + 4 * 100


def test_runs_of_another_machine_do_not_count(study: Design, timed: list[str]) -> None:
    record = FixedRecord(times={ids(study, 0)[0]: (0, [10, 20], 23)}, device="somebody else's")
    assert estimate(study, record, ["cpu"]).recorded == 0
    assert len(timed) == 2


def test_an_unfinished_run_takes_what_is_left_of_it(study: Design, timed: list[str]) -> None:
    record = FixedRecord(times={ids(study, 0)[0]: (0, [10], None)})
    assert estimate(study, record, ["cpu"]).seconds == 7.5 * 100


@pytest.mark.parametrize(("slots", "seconds"), [(1, 800), (2, 400), (3, 800 / 3), (99, 100)])
def test_slots_share_the_work_but_no_run_is_shared(study: Design, timed: list[str], slots: int, seconds: float) -> None:
    assert estimate(study, FixedRecord(), ["cpu"] * slots).seconds == pytest.approx(seconds)


def test_the_start_of_the_workers_and_the_report_count_once(
    study: Design, timed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "overhead_seconds", lambda: 12.0)
    assert estimate(study, FixedRecord(), ["cpu"] * 2).seconds == 400 + 12


def test_the_overhead_is_that_of_starting_python_with_torch() -> None:
    assert module.overhead_seconds() > 0


def test_the_overhead_is_a_multiple_of_a_workers_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_seconds", lambda work: 2.0)
    assert module.overhead_seconds() == 2.0 * module.OVERHEAD


def test_a_finished_study_takes_no_time_and_none_to_say_so(study: Design, timed: list[str]) -> None:
    record = FixedRecord(times={run.id: (0.0, [1.0, 2.0], 3.0) for run in study.runs})
    assert estimate(study, record, ["cpu"]) == module.Estimate(0, 0, 0, 0)
    assert timed == []


def test_timing_ends_after_a_while(study: Design, timed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(0, module.MAX_TIMING / 2)
    monkeypatch.setattr(time, "perf_counter", lambda: next(clock))
    found = estimate(study, FixedRecord(), ["cpu"])
    assert (found.timed, found.assumed, found.seconds) == (1, 1, 8 * 100)


def test_a_timed_run_is_scaled_up_to_its_epochs_scenes_and_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    """16 scenes of training took 4 s, 32 scenes of scoring 8 s."""
    measured = iter([99.0, 4.0, 8.0])
    monkeypatch.setattr(module, "_seconds", lambda work: (work() and None) or next(measured))
    changes = {"training__epochs": 5, "training__scenes": 64, "data__validation": 8, "data__test": 16}
    run = tiny_run(training__statistics="running", **changes)
    assert timed_seconds(run, "cpu") == 5 * (64 * 4 / 16 + 8 * 8 / 32) + 2 * 16 * 8 / 32


def test_precise_statistics_take_as_long_as_scoring_their_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    """32 scenes of scoring took 8 s, so the statistics of 256 scenes take 64 s in each epoch."""
    runs = [tiny_run(training__epochs=5, training__statistics=name) for name in ("running", "precise")]
    found = []
    for run in runs:
        measured = iter([99.0, 4.0, 8.0])
        monkeypatch.setattr(module, "_seconds", lambda work, times=measured: (work() and None) or next(times))
        found.append(timed_seconds(run, "cpu"))
    assert found[1] - found[0] == 5 * 64


def test_a_timed_run_takes_some_time() -> None:
    assert timed_seconds(tiny_run(training__batch=512), "cpu") > 0


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0 s"), (59, "59 s"), (61, "1 min"), (3590, "1 h 0 min"), (6000, "1 h 40 min")]
)
def test_durations_are_said_as_people_say_them(seconds: float, said: str) -> None:
    assert duration(seconds) == said


def test_a_run_whose_beginning_is_damaged_is_not_used_as_a_measure_of_time(study: Design, timed: list[str]) -> None:
    first, second, *_ = ids(study, 0)
    record = FixedRecord(times={first: (float("nan"), [10.0, 20.0], 21.0), second: (0.0, [10.0, 20.0], 21.0)})
    assert module.recorded_seconds(study.arms[0], study.seeds, record, "cpu") == 21.0
