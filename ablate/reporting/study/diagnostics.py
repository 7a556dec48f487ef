"""What a reader should know about seeds before the verdicts: low seeds, single seeds that decide, and skewness."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ablate.metrics import Metric
from ablate.reporting.markup.numbers import format_signed, unit_suffix
from ablate.reporting.markup.words import join_words, quote_name
from ablate.statistics.course import Course
from ablate.statistics.outliers import MIN_SEEDS, find_deciding_seed, find_low_seeds, skewness, skewness_error
from ablate.statistics.scores import Scores
from ablate.studies.plan import Seed

SKEWED = 2.0
"""A page reports a skewness above this, in standard errors of the skewness of normal differences."""


@dataclass(frozen=True)
class ArmDiagnosis:
    """The paired differences of an arm, at the look at which it was judged; up is good.

    Attributes:
        seeds: how many there are, without seeds of which either run is bad.
        skewness: of the differences; NaN with fewer than 3 seeds, or without spread.
        difference: their mean.
        deciding_seed: the one seed whose difference is far off; None if there is none.
        without: the mean without it.
    """

    arm: str
    seeds: int
    skewness: float
    difference: float
    deciding_seed: Seed | None
    without: float

    @property
    def is_skewed(self) -> bool:
        """Whether the differences are more skewed than those of normal noise usually are."""
        return abs(self.skewness) > SKEWED * skewness_error(self.seeds)


@dataclass(frozen=True)
class Diagnosis:
    """The seeds that are low in several arms, and the differences of each compared arm."""

    low_seeds: list[Seed]
    arms: list[ArmDiagnosis]


def diagnose(course: Course, scores: Scores, against: Mapping[str, str]) -> Diagnosis:
    """Examine the scores of a study, arm by arm and seed by seed.

    Bad runs are left out, since they do not show what ordinary runs of a seed are like. A page counts them elsewhere.
    """
    values = scores.values.dropna(how="all")
    low = find_low_seeds(scores.sign * values, scores.bad.loc[values.index])
    return Diagnosis(values.index[low].tolist(), [_diagnose_arm(course, scores, *pair) for pair in against.items()])


def _diagnose_arm(course: Course, scores: Scores, arm: str, against: str) -> ArmDiagnosis:
    pair, seen = [arm, against], slice(course.look(arm, against).seeds)
    values, bad = (table[pair].iloc[seen] for table in (scores.values, scores.bad))
    values = values.mask(bad)  # of two columns: masking those of all arms each time would be slow
    differences = (scores.sign * (values[arm] - values[against])).dropna()
    place = find_deciding_seed(differences)
    return ArmDiagnosis(
        arm=arm,
        seeds=len(differences),
        skewness=skewness(differences) if len(differences) else math.nan,
        difference=float(differences.mean()),
        deciding_seed=None if place is None else differences.index.tolist()[place],
        without=math.nan if place is None else float(differences.drop(differences.index[place]).mean()),
    )


def diagnosis_texts(found: Diagnosis, metric: Metric) -> Iterator[str]:
    """The diagnosis in plain words, a paragraph each; a single one if nothing is unusual."""
    skewed = [arm for arm in found.arms if arm.is_skewed]
    deciding = [arm for arm in found.arms if arm.deciding_seed is not None]
    if all(arm.seeds < MIN_SEEDS for arm in found.arms):
        yield f"With fewer than {MIN_SEEDS} seeds, outliers among the seeds cannot be detected."
    elif not (found.low_seeds or skewed or deciding):
        yield "Nothing is unusual about the seeds: none is low, none decides an arm alone, no arm is skewed."
    if found.low_seeds:
        yield _low_text(found.low_seeds)
    if deciding:
        yield f"One seed decides: {'; '.join(_deciding_text(arm, metric) for arm in deciding)}."
    if skewed:
        arms = join_words([f"{quote_name(arm.arm)} ({format_signed(arm.skewness, 1)})" for arm in skewed])
        yield (
            f"The differences are skewed in {arms}. Under skewed noise, all verdicts of a study are right at once in "
            "less than 95% of studies: see the rows on skewness in benchmarks/calibration.md."
        )


def _low_text(seeds: list[Seed]) -> str:
    names = join_words([str(seed) for seed in seeds])
    which, verb = ("Seed", "is") if len(seeds) == 1 else ("Seeds", "are")
    return (
        f"{which} {names} {verb} low: far below the spread of the other seeds in at least half of the arms, perhaps "
        "because of a late start. An arm that such a seed does not affect has an advantage by chance, so compare the "
        "differences with and without it."
    )


def _deciding_text(arm: ArmDiagnosis, metric: Metric) -> str:
    mean, without = (f"{format_signed(x, metric.digits)}{unit_suffix(metric)}" for x in (arm.difference, arm.without))
    name = quote_name(arm.arm)
    return f"without seed {arm.deciding_seed} the mean difference of {name} is {without} instead of {mean}"
