"""How much other test images would change the differences of a study, from the errors of each image.

data/image_errors.csv has one row per comparison and seed that both arms have a score for: arm, against, metric, seed,
run, against_run (ids), and two standard errors over the test images, in the metric's unit and to four digits: `error`,
of the seed's difference, and `mean_error`, of the mean difference over this seed and those above it. They are empty
where the errors of the images are not known. The file is only written if some are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from ablate.data.sources import source_of
from ablate.data.task import Task
from ablate.records.files import write_atomic
from ablate.records.record import Record
from ablate.records.tables import read_scores
from ablate.reporting.study.reading import read_table, reading
from ablate.statistics.course import Course
from ablate.statistics.images import image_error, image_influence
from ablate.studies.designs import Arm
from ablate.studies.planning import Design

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGE_ERRORS = "image_errors.csv"
COLUMNS = ("arm", "against", "metric", "seed", "run", "against_run", "error", "mean_error")
NUMBERS = ("error", "mean_error")
SCORES = {"test/mse": False, "test/psnr": True, "test/gain": True}
"""The metrics that are functions of the mean error of the test images, and whether they are in dB."""

Runs = tuple[tuple[str, str], ...]
"""The ids of the runs of an arm and its reference, seed by seed."""

Influences: TypeAlias = "Callable[[str], NDArray[np.float64]]"
"""By how much each image moves the score of a run, given its id."""


class Errors(NamedTuple):
    """The standard errors over the test images of one seed's difference, and of the mean up to this seed."""

    error: float = math.nan
    mean_error: float = math.nan


def evaluation_task(arm: Arm) -> Task:
    """The task of an arm, as far as test images depend on it: only training turns them."""
    return Task.of(arm.settings.model, arm.settings.data.model_copy(update={"flips": True, "turns": True}))


def no_image_errors() -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame(columns=list(COLUMNS))


def find_image_errors(design: Design, record: Record, runs: pd.DataFrame, adopted_from: Iterable[Path]) -> pd.DataFrame:
    """The table of a study, from the record or, for runs that were adopted, from the data that they came from."""
    adopted: dict[tuple[str, Runs], Errors] = {}
    for data in adopted_from:
        adopted |= _read_by_runs(data)
    scored = read_scores(design, runs).values.notna()
    arms = {arm.name: arm for arm in design.arms}
    influence_of = _influences(design, record)
    rows = []
    for arm, against in design.pairs:
        seeds = [seed for seed in design.seeds if scored.at[seed, arm] and scored.at[seed, against]]
        ids = tuple((arms[arm].run(seed).id, arms[against].run(seed).id) for seed in seeds)
        computed = _compute(design, influence_of, arms[arm], arms[against], ids)
        for place, (seed, found) in enumerate(zip(seeds, computed, strict=True)):
            known = adopted.get((design.metric.name, ids[: place + 1]), Errors())
            best = [own if math.isfinite(own) else other for own, other in zip(found, known, strict=True)]
            rows.append((arm, against, design.metric.name, seed, *ids[place], *best))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _compute(design: Design, influence_of: Influences, arm: Arm, against: Arm, ids: Runs) -> Iterator[Errors]:
    """The errors of each seed's pair of runs; that of the mean only as long as all pairs' images are known."""
    task = evaluation_task(arm)
    if design.metric.name not in SCORES or task != evaluation_task(against):
        yield from [Errors()] * len(ids)
        return
    total: NDArray[np.float64] | float = 0.0
    for count, pair in enumerate(ids, start=1):
        influence = np.subtract(*map(influence_of, pair))
        total = total + influence
        yield Errors(*(image_error(values, _files(task)) for values in (influence, total / count)))


def _influences(design: Design, record: Record) -> Influences:
    """By how much each image moves the score of a run, given its id; NaN for all if that is not recorded."""

    @lru_cache(2 * len(design.seeds))  # the runs of a reference are needed for each of its arms
    def influence_of(run_id: str) -> NDArray[np.float64]:
        errors = record.image_errors(run_id)
        if errors is None:
            return np.array([math.nan])
        return image_influence(errors, in_decibels=SCORES[design.metric.name])

    return influence_of


def _files(task: Task) -> int | None:
    return source_of(task).files_of("test")


def write_image_errors(table: pd.DataFrame, data: Path) -> None:
    """Write the table into the folder `data`, or remove that of earlier runs if no error is known."""
    if table.error.notna().any():
        write_atomic(data / IMAGE_ERRORS, table.to_csv(index=False, float_format="%.4g").encode())
    else:
        (data / IMAGE_ERRORS).unlink(missing_ok=True)


def read_image_errors(data: Path) -> pd.DataFrame:
    """The table in the folder `data`; empty if there is none.

    Raises:
        AblateError: it is damaged.
    """
    path = data / IMAGE_ERRORS
    if not path.exists():
        return no_image_errors()
    table = read_table(path)
    with reading(path):
        if set(table.columns) != set(COLUMNS):
            raise ValueError(f"its columns are not {', '.join(COLUMNS)}")
        return table.astype(dict.fromkeys(NUMBERS, float))


def mean_errors(table: pd.DataFrame, course: Course, against: Mapping[str, str]) -> dict[str, float]:
    """The standard error over the test images of each arm's mean difference at its last look, by arm; NaN if unknown.

    It is empty if that of no arm is known.
    """
    found = {}
    of_pairs = dict(iter(table.groupby(["arm", "against"])))
    for arm, reference in against.items():
        rows = of_pairs.get((arm, reference), table[:0])
        seen = rows[rows.seed.isin(course.seeds[: course.look(arm, reference).seeds])]
        found[arm] = float(seen.mean_error.iloc[-1]) if len(seen) else math.nan
    return found if any(map(math.isfinite, found.values())) else {}


def _read_by_runs(data: Path) -> dict[tuple[str, Runs], Errors]:
    """The errors in a folder of data by the metric and the runs that they depend on: also those of the seeds above."""
    found = {}
    for (_, _, metric), rows in read_image_errors(data).groupby(["arm", "against", "metric"], sort=False):
        ids = tuple(zip(rows.run, rows.against_run, strict=True))
        for place, errors in enumerate(zip(rows.error, rows.mean_error, strict=True)):
            found[str(metric), ids[: place + 1]] = Errors(*errors)
    return found
