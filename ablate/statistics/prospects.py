"""What a study can expect to decide, by simulation: with one look, or with seeds until decided.

Shape legend: S simulated studies, P pairs of arms, N seeds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.course import find_reachable
from ablate.statistics.intervals import inner_level, paired_intervals
from ablate.statistics.multiplicity import Family, level_of
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


def simulate(family: Family, measured: Sequence[Comparison], margin: float) -> Prospect:
    """Simulate studies of a family whose true differences and sds are those of measured comparisons.

    Each pair of each study is one of these comparisons, drawn at random, with independent normal noise. The same
    arguments give the same numbers, and plans that differ in their looks see the same first seeds.
    """
    differences_SPN = _draw(family, measured)
    settled_SP, used_SP = _follow(family, differences_SPN, margin)
    runs = 0.0
    for arm in sorted({name for pair in family.pairs for name in pair}):
        mine = [arm in pair for pair in family.pairs]
        runs += float(used_SP[:, mine].max(axis=1).mean())  # an arm continues as long as any of its pairs
    return Prospect(float(settled_SP.mean()), runs)


def _draw(family: Family, measured: Sequence[Comparison]) -> NDArray[np.floating]:
    random, pairs = np.random.default_rng(0), len(family.pairs)
    studies = max(MIN_STUDIES, -(-SIMULATED // pairs))
    truths, sds = np.array([c.difference for c in measured]), np.array([c.sd for c in measured])
    chosen_SP = random.integers(len(measured), size=(studies, pairs))
    noise_NSP = random.standard_normal((family.looks[-1].seeds, studies, pairs))  # seeds first: looks see the same
    return np.ascontiguousarray(np.moveaxis(truths[chosen_SP] + sds[chosen_SP] * noise_NSP, 0, -1))


def _follow(
    family: Family, differences_SPN: NDArray[np.floating], margin: float
) -> tuple[NDArray[np.bool_], NDArray[np.integer]]:
    """Whether each pair is settled, and the seeds that it used, by the rules of `course.follow`."""
    shape, final, count = differences_SPN.shape[:2], family.looks[-1], len(family.pairs)
    going_SP, settled_SP, used_SP = np.ones(shape, bool), np.zeros(shape, bool), np.zeros(shape, int)
    for index, look in enumerate(family.looks):
        seen, level = differences_SPN[..., : look.seeds], level_of(count, look.share)
        used_SP[going_SP] = look.seeds
        outer, inner = (paired_intervals(seen, 0.0, confidence) for confidence in (level, inner_level(level)))
        decided_SP = going_SP & (judge(outer, inner, margin) != "undecided")
        settled_SP |= decided_SP
        going_SP &= ~decided_SP
        if index and look != final:  # as in `course`, nothing is given up at the first look
            mean, sd = seen.mean(axis=-1), seen.std(axis=-1, ddof=1)
            going_SP &= np.any(list(find_reachable(mean, sd, look.seeds, final, margin, count).values()), axis=0)
    return settled_SP, used_SP
