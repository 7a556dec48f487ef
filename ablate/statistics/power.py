"""How many seeds would decide an undecided comparison: the exact power of the rule of `verdicts.judge`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.intervals import inner_level
from ablate.statistics.verdicts import Comparison

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

POWER = 0.8
"""The probability with which a study should decide a comparison."""

MAX_SEEDS = 50
"""Larger numbers are not computed: the answer is then "over 50"."""

NODES = 400
"""Nodes of the quadrature. With these its error is below 1e-4, even where the integrand has kinks."""

SD_CONFIDENCE = 0.8
"""Confidence of the interval of the sd. Browne (1995) advises planning by its upper end, not by the measured sd."""


@dataclass(frozen=True)
class SeedRange:
    """Seeds that a study needs if the sd is at the low end of its interval, and if it is at the high end.

    `MAX_SEEDS` + 1 stands for all larger numbers.
    """

    low: int
    high: int

    def __str__(self) -> str:
        low, high = (str(end) if end <= MAX_SEEDS else f"over {MAX_SEEDS}" for end in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class SeedsNeeded:
    """Seeds with which a new study, planned for that number, would decide a comparison with a power of 80%.

    They are not seeds to add to the present study: adding seeds after seeing its result is a second look, whose error
    nothing corrects.

    Attributes:
        if_zero: if the true difference is zero, so that the verdict should be `equivalent`.
        as_measured: if the true difference is the measured one, so that the verdict should be its direction or, inside
            the margin, `equivalent`.
    """

    if_zero: SeedRange
    as_measured: SeedRange


def seeds_needed(comparisons: Sequence[Comparison], margin: float, level: float) -> list[SeedsNeeded | None]:
    """For each comparison, the seeds that would decide it, with intervals of this confidence level.

    The sd is uncertain, so each number is a range: over the chi-squared interval of the sd at `SD_CONFIDENCE`. Like the
    power itself, that interval assumes normally distributed differences.

    Returns:
        None for a comparison that is decided, has fewer than two pairs or no spread, or of which a bad run rules out
        some verdicts.

    >>> from ablate.statistics.verdicts import compare
    >>> comparison = compare([29.5, 29.1, 28.3, 29.4], [29.7, 29.0, 29.2, 29.2], margin=0.25, comparisons=1)
    >>> (needed,) = seeds_needed([comparison], margin=0.25, level=0.95)
    >>> str(needed.if_zero), str(needed.as_measured)
    ('18 to over 50', '19 to over 50')
    """
    places = [i for i, c in enumerate(comparisons) if c.verdict == "undecided" and not c.barred and c.sd > 0]
    undecided = [comparisons[place] for place in places]
    truths = np.reshape([(0.0, c.difference) for c in undecided], (-1, 2, 1))
    sds = np.reshape([sd_interval(c.sd, c.pairs) for c in undecided], (-1, 1, 2))
    found: list[SeedsNeeded | None] = [None] * len(comparisons)
    seeds = seeds_for(truths, sds, margin=margin, level=level)  # (undecided, truths, sds)
    for place, (if_zero, as_measured) in zip(places, seeds.tolist(), strict=True):
        found[place] = SeedsNeeded(SeedRange(*if_zero), SeedRange(*as_measured))
    return found


def sd_interval(sd: float, pairs: int) -> tuple[float, float]:
    """The chi-squared interval of a standard deviation that was measured on this many pairs, at `SD_CONFIDENCE`."""
    from scipy import stats

    low, high = stats.chi2.interval(SD_CONFIDENCE, pairs - 1)
    return sd * math.sqrt((pairs - 1) / high), sd * math.sqrt((pairs - 1) / low)


def seeds_for(truth: ArrayLike, sd: ArrayLike, *, margin: float, level: float) -> NDArray[np.integer]:
    """The smallest numbers of seeds, from 2, that have the power; `MAX_SEEDS` + 1 if more are needed.

    Args:
        truth, sd: as in `power` (any shapes that broadcast).
        margin, level: as in `power`.

    >>> seeds_for([0.5, 0.1], 0.2, margin=0.25, level=0.95)
    array([4, 9])
    """
    truths, sds = np.broadcast_arrays(np.asarray(truth, float), np.asarray(sd, float))
    found = np.full(truths.shape, MAX_SEEDS + 1)
    for seeds in range(2, MAX_SEEDS + 1):
        rest = found > MAX_SEEDS
        if not rest.any():
            break
        enough = power(truths[rest], sds[rest], seeds, margin=margin, level=level) >= POWER
        found[rest] = np.where(enough, seeds, MAX_SEEDS + 1)
    return found


def power(truth: ArrayLike, sd: ArrayLike, seeds: ArrayLike, *, margin: float, level: float) -> NDArray[np.floating]:
    """The probability that the rule decides a comparison correctly.

    Correct is `equivalent` if the truth is inside the margin, and `better` or `worse` if that is the sign of the truth.
    So two verdicts are correct if the truth is small but not zero.

    Args:
        truth: true mean difference.
        sd: true standard deviation of the paired differences, which are normal.
        seeds: numbers of seeds, from 2; all three of any shapes that broadcast.
        margin: of the study.
        level: confidence of the comparison's outer interval, after Bonferroni.

    Returns:
        Probabilities (the common shape).

    >>> power(0.5, 0.2, [3, 5, 8], margin=0.25, level=0.95).round(2)
    array([0.62, 0.98, 1.  ])
    """
    from scipy import integrate, special, stats

    # the rule is symmetric, so a negative truth has the power of its absolute value; the last axis is for the nodes
    truth, sd, count = abs(np.asarray(truth))[..., None], np.asarray(sd)[..., None], np.asarray(seeds)[..., None]
    t, inner_t = (stats.t.ppf((1 + confidence) / 2, count - 1) for confidence in (level, inner_level(level)))
    error = sd / np.sqrt(count)

    # the mean difference of a sample is independent of its sd. So the power is an integral over the quantile u of the
    # sd, from 0 to 1, of the power given that sd, which is a probability of the normal distribution of the mean
    def power_given(u: NDArray[np.floating]) -> NDArray[np.floating]:
        sampled = error * np.sqrt(stats.chi2.ppf(u, count - 1) / (count - 1))
        half = t * sampled  # half the width of the outer interval
        room = np.maximum(margin - inner_t * sampled, 0)  # `equivalent` if the mean is between -room and room
        equivalent = special.ndtr((room - truth) / error) - special.ndtr((-room - truth) / error)
        # `better` if the mean is above `half`, so that the outer interval is above zero, and above `room`, below which
        # it is `equivalent`: that comes first in `judge`
        better = special.ndtr((truth - np.maximum(half, room)) / error)
        return np.asarray((truth < margin) * equivalent + (truth > 0) * better)

    return np.asarray(integrate.fixed_quad(power_given, 0, 1, n=NODES)[0])


def smallest_found(sd: float, seeds: int, *, margin: float, level: float) -> float:
    """The smallest true difference, from the margin upwards, that is found with the power; infinite for one seed.

    Args:
        sd, seeds, margin, level: as in `power`.

    >>> found = smallest_found(0.2, 5, margin=0.25, level=0.95)
    >>> round(found, 2), power(found, 0.2, 5, margin=0.25, level=0.95).round(2).item()
    (0.34, 0.8)
    """
    from scipy import optimize

    def excess(truth: float) -> float:
        return float(power(truth, sd, seeds, margin=margin, level=level)) - POWER

    if seeds < 2:
        return math.inf
    low = high = margin
    while excess(high) < 0:
        low, high = high, 2 * high
    return high if low == high else float(optimize.brentq(excess, low, high, xtol=1e-4 * sd))
