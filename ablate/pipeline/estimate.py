"""How long a sweep will take: from runs that this machine has recorded, or else from a few timed steps."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import mean, median

from ablate.executors.processes import start_python
from ablate.executors.worker import one_thread
from ablate.records.record import Record
from ablate.records.tables import load_results, read_course
from ablate.settings import Run
from ablate.studies.designs import Arm
from ablate.studies.planning import Design
from ablate.training.environment import device_name
from ablate.training.evaluation import BATCH, evaluate
from ablate.training.loop import STATISTICS_SCENES, Trainer

MAX_TIMING = 30.0
"""Seconds spent on timing steps; arms that are not timed by then are assumed to take as long as the others."""

START = "import ablate.executors.child, ablate.training.loop, ablate.training.evaluation"
"""What a worker imports before its first run."""

OVERHEAD = 4
"""Starts of a worker that a sweep takes in all: of its workers, all at once, and about three times as long for its own
start, a new store of MLflow, and the report. (Measured: 4.8 s of processor time for a worker, 12.7 s for the rest.)"""


@dataclass(frozen=True)
class Estimate:
    """How long a sweep will take.

    Attributes:
        seconds: until the report is written.
        recorded, timed, assumed: how many arms were estimated by recorded runs, by timed steps, and by the other arms.
    """

    seconds: float
    recorded: int
    timed: int
    assumed: int


def estimate(design: Design, record: Record, devices: Sequence[str], *, retry_failed: bool = False) -> Estimate:
    """Estimate a sweep with one slot on each of `devices`; with `retry_failed`, of the failed runs only."""
    seeds = seeds_in_reach(design, record)
    open_arms = [
        (arm, left) for arm in design.arms if (left := _left(arm, seeds[arm.name], record, retry_failed=retry_failed))
    ]
    recorded: dict[str, float] = {}
    timed: dict[str, float] = {}
    began = time.perf_counter()
    for arm, _ in open_arms:
        if seconds := recorded_seconds(arm, design.seeds, record, devices[0]):
            recorded[arm.name] = seconds
        elif time.perf_counter() - began < MAX_TIMING:
            timed[arm.name] = timed_seconds(arm.run(design.seeds[0]), devices[0])
    known = recorded | timed
    usual = mean(known.values()) if known else 0.0
    runs = [known.get(arm.name, usual) * share for arm, left in open_arms for share in left]
    training = max(sum(runs) / len(devices), max(runs, default=0.0))
    total = training + overhead_seconds() if runs else 0.0
    return Estimate(total, len(recorded), len(timed), len(open_arms) - len(known))


def overhead_seconds() -> float:
    """What a sweep takes beside its runs: OVERHEAD times the start of a worker.

    The start is measured, as the time in which a new interpreter imports what a worker does.
    """
    return OVERHEAD * _seconds(lambda: start_python(START).wait())


def seeds_in_reach(design: Design, record: Record) -> dict[str, tuple[int, ...]]:
    """The seeds that each arm needs, or could still need if it is not decided earlier."""
    seeds = design.seeds
    if len(design.looks) == 1:
        return {arm.name: seeds for arm in design.arms}
    course = read_course(design, load_results(design, record))
    return {arm: seeds[: len(seeds) if arm in course.undecided else count] for arm, count in course.needed.items()}


def _left(arm: Arm, seeds: tuple[int, ...], record: Record, *, retry_failed: bool) -> list[float]:
    """For each run of an arm that a sweep will train, the share of its epochs that is left."""
    runs = [run for seed in seeds if record.needs_training((run := arm.run(seed)).id, retry_failed=retry_failed)]
    return [1 - len(record.epochs(run.id)) / run.training.epochs for run in runs]


def recorded_seconds(arm: Arm, seeds: Sequence[int], record: Record, device: str) -> float | None:
    """The median time of the arm's runs that this machine has trained; None if there are none."""
    ended = [run_id for seed in seeds if record.has_ended(run_id := arm.run(seed).id)]
    ids = [run_id for run_id in ended if not math.isnan(record.start_time(run_id))]
    results = {run_id: result for run_id in ids if (result := record.result(run_id))}
    name = device_name(device)
    here = [run_id for run_id, result in results.items() if result.environment.get("device") == name]
    return median(_took(record, run_id, results[run_id].ended) for run_id in here) if here else None


def _took(record: Record, run_id: str, ended: float) -> float:
    """Seconds of a run: its median epoch, as many times as it has epochs, and its final scores.

    The median leaves out the hours in which an interrupted run was not trained.
    """
    times = [record.start_time(run_id), *(row["time"] for row in record.epochs(run_id))]
    epochs = [end - start for start, end in pairwise(times)]
    last_scores = ended - times[-1]
    return len(epochs) * median(epochs or [0.0]) + last_scores


def timed_seconds(run: Run, device: str) -> float:
    """Estimate a run from two of its training steps, once warmed up, and from scoring a few scenes."""
    scenes = min(2 * run.training.batch, run.training.scenes)
    short = run.model_copy(update={"training": run.training.model_copy(update={"scenes": scenes})})
    with one_thread():
        trainer = Trainer(short, device)
        _seconds(lambda: trainer.train_epoch(epoch=0))
        step = _seconds(lambda: trainer.train_epoch(epoch=1)) / scenes
        model = trainer.evaluated_model.eval()
        score = _seconds(lambda: evaluate(model, trainer.task, "validation", BATCH, device)) / BATCH
    statistics = STATISTICS_SCENES if run.training.statistics == "precise" else 0
    epoch = run.training.scenes * step + (run.data.validation + statistics) * score
    return run.training.epochs * epoch + 2 * run.data.test * score


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def duration(seconds: float) -> str:
    """`40 s`, `12 min`, `1 h 40 min`."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
