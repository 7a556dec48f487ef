"""What a study can expect to decide, by simulation: with one look, or with seeds until decided.

Shape legend: S simulated studies, P pairs of arms, N seeds.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.course import find_reachable
from ablate.statistics.intervals import fewest_seeds, inner_level
from ablate.statistics.multiplicity import Family, Look, level_of
from ablate.statistics.verdicts import Comparison, judge

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIMULATED = 2000
"""Simulated comparisons: the Monte Carlo standard error of a rate is then at most 1.1%."""

MIN_STUDIES = 50


@dataclass(frozen=True)
class Prospect:
    """What a family of comparisons can expect.

    Attributes:
        settled: the share of its comparisons that get a verdict.
        runs: how many runs that takes, in the mean.
    """

    settled: float
    runs: float

    @property
    def per_run(self) -> float:
        """Comparisons settled per run, up to a factor that is the same for all plans of a family."""
        return self.settled / self.runs


def looks_for_median(family: Family) -> list[int]:
    """The looks, by their seeds, that can show whether *better* or *worse* holds for the median seed, too.

    >>> from ablate.statistics.multiplicity import spend
    >>> looks_for_median(Family((("a", "reference"), ("b", "reference")), spend((3, 5, 8, 12))))
    [12]
    """
    pairs = len(family.pairs)
    return [look.seeds for look in family.looks if look.seeds >= fewest_seeds(level_of(pairs, look.share))]


def simulate(family: Family, measured: Sequence[Comparison], margin: float) -> Prospect:
    """Simulate studies of a family whose true differences and sds are those of measured comparisons.

    Each pair of each study is one of these comparisons, drawn at random, with independent normal noise. The same
    arguments give the same numbers, and plans that differ in their looks see the same first seeds.
    """
    differences_SPN = _draw(family, measured)
    followed = follow_all(family.looks, differences_SPN, margin)
    runs = 0.0
    for arm in sorted({name for pair in family.pairs for name in pair}):
        mine = [arm in pair for pair in family.pairs]
        runs += float(followed.used[:, mine].max(axis=1).mean())  # an arm continues as long as any of its pairs
    return Prospect(float((followed.verdicts != "undecided").mean()), runs)


def _draw(family: Family, measured: Sequence[Comparison]) -> NDArray[np.floating]:
    random, pairs = np.random.default_rng(0), len(family.pairs)
    studies = max(MIN_STUDIES, -(-SIMULATED // pairs))
    truths, sds = np.array([c.difference for c in measured]), np.array([c.sd for c in measured])
    chosen_SP = random.integers(len(measured), size=(studies, pairs))
    noise_NSP = random.standard_normal((family.looks[-1].seeds, studies, pairs))  # seeds first: looks see the same
    return np.ascontiguousarray(np.moveaxis(truths[chosen_SP] + sds[chosen_SP] * noise_NSP, 0, -1))


@dataclass(frozen=True)
class Followed:
    """How simulated pairs (S, P) ended: verdicts, the seeds they used, and whether the first look decided."""

    verdicts: NDArray[np.str_]
    used: NDArray[np.integer]
    early: NDArray[np.bool_]


def follow_all(
    looks: Sequence[Look], differences_SPN: NDArray[np.floating], margin: float, *, futility: bool = True
) -> Followed:
    """Follow simulated pairs from look to look, by the rules of `course.follow`; with `futility` some are given up."""
    shape, final = differences_SPN.shape[:2], looks[-1]
    verdicts_SP, used_SP = np.full(shape, "undecided", dtype="<U10"), np.zeros(shape, int)
    going_SP, early_SP = np.ones(shape, bool), np.zeros(shape, bool)
    for index, look in enumerate(looks):
        seen = differences_SPN[..., : look.seeds]
        mean, sd = seen.mean(axis=-1), seen.std(axis=-1, ddof=1)
        found_SP = judge_moments(mean, sd, look.seeds, level_of(shape[1], look.share), margin)
        used_SP[going_SP] = look.seeds
        decided_SP = going_SP & (found_SP != "undecided")
        verdicts_SP[decided_SP] = found_SP[decided_SP]
        going_SP &= ~decided_SP
        if not index:  # as in `course`, nothing is given up at the first look
            early_SP = decided_SP
        elif futility and look != final:
            reachable = find_reachable(mean, sd, look.seeds, final, margin, shape[1])
            going_SP &= np.any(list(reachable.values()), axis=0)
    return Followed(verdicts_SP, used_SP, early_SP)


def judge_moments(
    mean: NDArray[np.floating], sd: NDArray[np.floating], seeds: int, level: float, margin: float
) -> NDArray[np.str_]:
    """The verdicts by means and standard deviations of paired differences (any shape), at one look."""
    from scipy import stats

    error = sd / math.sqrt(seeds)
    halves = [stats.t.ppf((1 + one) / 2, seeds - 1) * error for one in (level, inner_level(level))]
    outer, inner = ((mean - half, mean + half) for half in halves)
    return judge(outer, inner, margin)
