"""How many seeds would decide what is undecided: the power of the rule of `verdicts.judge`, computed exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.verdicts import Comparison

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

POWER = 0.8
MOST_SEEDS = 50
"""More are not counted: the answer is then "over 50"."""

NODES = 400
"""Of the quadrature: its error is below 1e-4, also where the integrand has kinks."""

SD_CONFIDENCE = 0.8
"""Of the interval of the sd: to plan by its upper end rather than by the measured sd is the advice of Browne (1995)."""


@dataclass(frozen=True)
class SeedRange:
    """Seeds that a study needs, for the low end of the sd's interval and for the high end.

    None: more than `MOST_SEEDS`.
    """

    low: int | None
    high: int | None

    def __str__(self) -> str:
        low, high = (f"over {MOST_SEEDS}" if end is None else str(end) for end in (self.low, self.high))
        return low if low == high else f"{low} to {high}"


@dataclass(frozen=True)
class SeedsNeeded:
    """Seeds with which a new study, or one that planned for them, would decide a comparison with a power of 80%.

    Not seeds to be added to the study at hand: to look, and then to add seeds, is an uncorrected second look.

    Attributes:
        if_zero: if the true difference is zero, so that `equivalent` is to be found.
        as_measured: if it is the measured one: its direction, or `equivalent` inside the margin, is to be found.
    """

    if_zero: SeedRange
    as_measured: SeedRange


def seeds_needed(comparison: Comparison, margin: float, level: float) -> SeedsNeeded | None:
    """Seeds that would decide an undecided comparison at this level; None where it is decided, or nothing can be said.

    Nothing can be said with fewer than two pairs, without any spread, or where a diverged run rules verdicts out. The
    sd is uncertain, so each number is a range: over the chi-squared interval of the sd at `SD_CONFIDENCE`, which takes
    the differences to be normal, as the power does.
    """
    if comparison.verdict != "undecided" or comparison.barred or not comparison.sd > 0:
        return None
    low, high = sd_interval(comparison.sd, comparison.pairs)

    def needed(truth: float) -> SeedRange:
        found = (seeds_for(truth, sd, margin=margin, level=level) for sd in (low, high))
        return SeedRange(*found)

    return SeedsNeeded(needed(0.0), needed(comparison.difference))


def sd_interval(sd: float, pairs: int) -> tuple[float, float]:
    """The chi-squared interval of a standard deviation, at `SD_CONFIDENCE`."""
    from scipy import stats

    low, high = stats.chi2.interval(SD_CONFIDENCE, pairs - 1)
    return sd * math.sqrt((pairs - 1) / high), sd * math.sqrt((pairs - 1) / low)


def seeds_for(truth: float, sd: float, *, margin: float, level: float) -> int | None:
    """The fewest seeds, from 2, that have the power; None if more than `MOST_SEEDS` are needed."""
    seeds = np.arange(2, MOST_SEEDS + 1)
    enough = seeds[power(truth, sd, seeds, margin=margin, level=level) >= POWER]
    return int(enough[0]) if len(enough) else None


def power(truth: float, sd: float, seeds: ArrayLike, *, margin: float, level: float) -> NDArray[np.floating]:
    """The probability that the rule settles a comparison, and rightly, for each number of seeds.

    Right is `equivalent` if the truth lies inside the margin, and `better` or `worse` if that is the truth's sign;
    so two verdicts are right where the truth is small but not zero. Given the sample's sd, the mean difference is
    normal and independent of it: what is left is an integral over the sd's quantile u.

    Args:
        truth: true mean difference; `sd` is that of the paired differences, normal.
        seeds: numbers of seeds, from 2, any shape.
        margin: of the study.
        level: of the comparison's interval, after Bonferroni.
    """
    from scipy import integrate, stats

    count, truth = np.asarray(seeds)[..., None], abs(truth)
    t, error = stats.t.ppf((1 + level) / 2, count - 1), sd / np.sqrt(count)

    def given(u: NDArray[np.floating]) -> NDArray[np.floating]:
        half = t * error * np.sqrt(stats.chi2.ppf(u, count - 1) / (count - 1))
        room = np.maximum(margin - half, 0)
        inside = stats.norm.cdf(room, truth, error) - stats.norm.cdf(-room, truth, error)
        beside = stats.norm.sf(np.maximum(half, room), truth, error)
        return np.asarray((truth < margin) * inside + (truth > 0) * beside)

    return np.asarray(integrate.fixed_quad(given, 0, 1, n=NODES)[0])
