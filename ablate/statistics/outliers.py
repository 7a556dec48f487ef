"""Seeds that are far off: those that are low in several arms, and those that decide a comparison; skewed differences.

Whether scores are far off is decided by Rosner's generalised test for several outliers ("generalized ESD", 1983,
Technometrics 25), which several of them together cannot hide from. It assumes that the other scores are normal.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

ERROR = 0.02
"""The probability with which a normal arm has a seed that is far off on a given side."""

MIN_ARMS = 2
"""The fewest arms in which a low seed is far off."""

MIN_SEEDS = 5
"""With fewer seeds, hardly any score can be far off."""


def find_low_seeds(scores: ArrayLike, bad: ArrayLike = False) -> NDArray[np.bool_]:
    """Which seeds are far below the others in at least half of the arms, and in two or more, as those that start late.

    Args:
        scores: (seeds, arms), where up is good; NaN for a missing run. Only arms without any are used.
        bad: whether a run is a bad one, (seeds, arms). These are left out, of their seed and of their arm.

    Returns:
        (seeds,)

    >>> steady = [[30.0, 29.1], [30.2, 29.0], [29.9, 29.3], [30.1, 29.2], [30.0, 29.1], [30.1, 29.0]]
    >>> find_low_seeds([*steady, [22.0, 22.1]]).tolist()
    [False, False, False, False, False, False, True]
    """
    table = np.asarray(scores, float)
    complete = ~np.isnan(table).any(axis=0)
    good = np.where(bad, math.nan, table)[:, complete]
    low = find_low(good, most=len(table) // 3)
    return np.asarray(low.sum(axis=1) >= np.maximum(MIN_ARMS, (~np.isnan(good)).sum(axis=1) / 2))


def find_low(values: ArrayLike, most: int, error: float = ERROR) -> NDArray[np.bool_]:
    """Which values are far below the others of their column, by Rosner's test against low outliers.

    The lowest value is removed again and again. Values up to the last one whose distance from the mean, in standard
    deviations of those that were left with it, exceeds its critical value are outliers.

    Args:
        values: (seeds, columns); NaN is left out.
        most: how many outliers there can be in a column; a third of its values at most.
        error: probability of any outlier in a column of normal values.

    Returns:
        (seeds, columns)
    """
    table = np.asarray(values, float)
    found = np.zeros(table.shape, bool)
    for place, column in enumerate(table.T):
        (there,) = np.nonzero(~np.isnan(column))
        if len(there) >= MIN_SEEDS:
            order = there[np.argsort(column[there], kind="stable")]
            found[order[: _count_low(column[order], min(most, len(order) // 3), error)], place] = True
    return found


def _count_low(ascending: NDArray[np.floating], most: int, error: float) -> int:
    """How many of the lowest values (ascending) are outliers."""
    from scipy import stats

    found = 0
    for removed in range(most):
        left = ascending[removed:]
        t = stats.t.ppf(1 - error / len(left), len(left) - 2)
        critical = (len(left) - 1) * t / math.sqrt((len(left) - 2 + t**2) * len(left))
        if left.mean() - left[0] > critical * left.std(ddof=1):
            found = removed + 1
    return found


def find_deciding_seed(differences: ArrayLike) -> int | None:
    """The place of the one seed whose difference is far off on either side; None if there is none, or more than one.

    Args:
        differences: paired differences (seeds,).

    >>> find_deciding_seed([0.1, -0.2, 0.0, 0.2, -0.1, 5.6])
    5
    """
    column = np.asarray(differences, float)[:, None]
    far = np.flatnonzero(find_low(column, most=1, error=ERROR / 2) | find_low(-column, most=1, error=ERROR / 2))
    return int(far[0]) if len(far) == 1 else None


def skewness_error(seeds: int) -> float:
    """The standard error of the skewness of this many normal differences; infinite with fewer than 3.

    >>> round(skewness_error(12), 2)
    0.64
    """
    if seeds < 3:
        return math.inf
    return math.sqrt(6 * seeds * (seeds - 1) / ((seeds - 2) * (seeds + 1) * (seeds + 3)))


def skewness(differences: ArrayLike) -> float:
    """The skewness of paired differences (seeds,), corrected for their number; NaN with fewer than 3, or no spread."""
    from scipy import stats

    values = np.asarray(differences, float)
    if len(values) < 3 or np.ptp(values) <= 1e-12 * np.abs(values).max():
        return math.nan
    return float(stats.skew(values, bias=False))
