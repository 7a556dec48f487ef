"""How often runs go wrong, with the interval that so few seeds allow.

Runs of one seed can go wrong together, because they share their scenes and initial values. So what is counted over
several arms are seeds, not runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.multiplicity import CONFIDENCE

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Rate:
    """`bad` of `runs`, and the exact (Clopper-Pearson) 95% interval of the rate behind them."""

    bad: int
    runs: int
    low: float
    high: float


def rate(bad: int, runs: int) -> Rate:
    """The rate at which runs are bad, after `bad` of `runs` were, by `scipy.stats.binomtest`.

    Without any runs, every rate is possible.

    >>> found = rate(0, 5)
    >>> found.low, round(found.high, 2)
    (0.0, 0.52)
    """
    from scipy import stats

    if not runs:
        return Rate(bad, runs, 0.0, 1.0)
    interval = stats.binomtest(bad, runs).proportion_ci(CONFIDENCE, method="exact")
    return Rate(bad, runs, float(interval.low), float(interval.high))


@dataclass(frozen=True)
class SeedRate:
    """`bad` of `seeds` with at least one bad run, and the upper bound on the rate of such seeds (`bad_seed_bound`).

    `seeds` are complete ones: each arm has a score.
    """

    bad: int
    seeds: int
    bound: float


def seed_rate(bad: pd.DataFrame, scored: pd.DataFrame) -> SeedRate:
    """The rate of bad seeds among the complete ones.

    A seed of which runs are still to come can only be called bad, never clean, so it would make the rate too high; one
    of which a run has failed is not known to be clean either.

    Args:
        bad, scored: whether each run is bad, and whether it has a score (seeds x arms).
    """
    complete = scored.all(axis=1)
    seeds, count = int(complete.sum()), int((bad.any(axis=1) & complete).sum())
    return SeedRate(count, seeds, bad_seed_bound(count, seeds))


def paired_rates_p(bad: ArrayLike, reference_bad: ArrayLike) -> float:
    """The p value of the exact paired comparison of two rates (McNemar's test), by `scipy.stats.binomtest`.

    If both rates are the same, a seed of which only one run is bad is as likely to be bad for either of them.

    Args:
        bad, reference_bad: whether the runs of each seed are bad (seeds,), paired by position.

    >>> paired_rates_p([True] * 6 + [False] * 2, [False] * 8)
    0.03125
    """
    from scipy import stats

    own, other = np.asarray(bad, bool), np.asarray(reference_bad, bool)
    only_own, only_other = int((own & ~other).sum()), int((~own & other).sum())
    if not only_own + only_other:
        return 1.0
    return float(stats.binomtest(only_own, only_own + only_other).pvalue)


def bad_seed_bound(bad: int, seeds: int) -> float:
    """The upper bound, with 95% confidence, on the rate of bad seeds after `bad` of `seeds` were (Clopper-Pearson).

    >>> round(bad_seed_bound(0, 5), 2)
    0.45
    """
    from scipy import stats

    if not seeds:
        return 1.0
    return float(stats.binomtest(bad, seeds, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)
