"""Intervals of paired differences: of their mean, by Student's t, and of their median, by order statistics.

Pure functions on arrays. The interval of the median holds for any noise whose seeds are independent, because it only
counts on which side of the median a seed is. It needs more seeds, and it says nothing about a mean.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Interval = tuple["NDArray[np.floating]", "NDArray[np.floating]"]
"""Lower and upper ends, arrays of any shape."""


def inner_level(level: float) -> float:
    """The confidence of an inner interval: each of its ends is a one-sided bound with the confidence `level`.

    >>> round(inner_level(0.95), 4)
    0.9
    """
    return 1 - 2 * (1 - level)


def paired_intervals(arms: ArrayLike, references: ArrayLike, level: float) -> Interval:
    """The t intervals of mean paired differences, by `scipy.stats.ttest_rel`.

    Args:
        arms, references: scores (..., seeds), paired by position.
        level: confidence of each interval.

    Returns:
        Lower and upper ends (...); infinite with fewer than two pairs.

    >>> low, high = paired_intervals([[1.0, 2.0, 3.0], [5.0, 5.0, 5.0]], [0.0, 0.0, 0.0], level=0.95)
    >>> low.round(2), high.round(2)
    (array([-0.48,  5.  ]), array([4.48, 5.  ]))
    """
    from scipy import stats

    arms, references = np.broadcast_arrays(np.asarray(arms, float), np.asarray(references, float))
    if arms.shape[-1] < 2:
        return np.full(arms.shape[:-1], -math.inf), np.full(arms.shape[:-1], math.inf)
    differences = arms - references
    # where all differences are equal, up to rounding, the interval is just their mean: scipy would divide by zero, or
    # warn that precision was lost. 1e-12 of the scores is far above rounding and far below any real difference
    low = np.array(differences.mean(axis=-1))
    high = low.copy()
    spread = np.ptp(differences, axis=-1) > 1e-12 * np.abs(arms).max(axis=-1)
    if spread.any():
        interval = stats.ttest_rel(arms[spread], references[spread], axis=-1).confidence_interval(level)
        low[spread], high[spread] = interval.low, interval.high
    return low, high


def median_intervals(differences: ArrayLike, level: float) -> Interval:
    """The exact intervals of medians: from the k-th smallest to the k-th largest difference (Thompson 1936).

    The median is outside with a probability of at most 2 P(B < k), where B is binomial: the number of n seeds that are
    below it, each with a probability of one half. k is the largest number for which that is at most 1 - level.

    Args:
        differences: paired differences (..., seeds).
        level: confidence of each interval.

    Returns:
        Lower and upper ends (...); infinite with too few seeds (`fewest_seeds`).

    >>> low, high = median_intervals([0.3, -0.1, 0.4, 0.2, 0.9, 0.5], level=0.95)
    >>> low.item(), high.item()
    (-0.1, 0.9)
    """
    from scipy import stats

    ordered = np.sort(np.asarray(differences, float), axis=-1)
    seeds = ordered.shape[-1]
    below = stats.binom.cdf(np.arange(seeds), seeds, 0.5)  # P(B < k) for k from 1
    k = int(np.sum(2 * below <= (1 - level) * (1 + 1e-12)))
    if not k:
        return np.full(ordered.shape[:-1], -math.inf), np.full(ordered.shape[:-1], math.inf)
    return ordered[..., k - 1], ordered[..., seeds - k]


def fewest_seeds(level: float) -> int:
    """The fewest seeds with which `median_intervals` are finite: all on one side of the median is too unlikely.

    >>> [fewest_seeds(1 - 0.05 / comparisons) for comparisons in (1, 2, 3, 4, 6, 7, 12, 20)]
    [6, 7, 7, 8, 8, 9, 9, 10]
    """
    return math.ceil(1 - math.log2((1 - level) * (1 + 1e-12)))
