"""How often runs go wrong, with the interval that so few runs allow."""

from __future__ import annotations

from dataclasses import dataclass

from ablate.statistics.multiplicity import CONFIDENCE


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


def bad_seed_bound(bad: int, seeds: int) -> float:
    """The upper bound, with 95% confidence, on the rate of bad seeds after `bad` of `seeds` were (Clopper-Pearson).

    >>> round(bad_seed_bound(0, 5), 2)
    0.45
    """
    from scipy import stats

    if not seeds:
        return 1.0
    return float(stats.binomtest(bad, seeds, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)
