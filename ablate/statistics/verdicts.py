"""Paired comparisons, their intervals and verdicts: pure functions on arrays, by scipy's routines.

One simultaneous interval decides each comparison of a study (Bonferroni over its comparisons), so that all verdicts of
a study hold together with 95% confidence, whatever the arms' variances, and remain true for any other margin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Verdict = Literal["better", "worse", "equivalent", "undecided", "waiting"]

CONFIDENCE = 0.95
"""Of all intervals of a study together."""


@dataclass(frozen=True)
class Comparison:
    """An arm against its reference, with the seed as the pair; differences are turned so that up is good.

    Attributes:
        pairs: seeds that both have.
        difference: mean of the paired differences, in the metric's unit; `sd` is their standard deviation.
        low, high: the simultaneous interval of the mean difference, at confidence `level`; infinite with one pair.
        verdict: by the rule of `judge`.
        barred: the verdicts that diverged runs, of the arm or of its reference, rule out.
    """

    pairs: int
    difference: float
    sd: float
    low: float
    high: float
    level: float
    verdict: Verdict
    barred: frozenset[Verdict] = frozenset()

    @property
    def smallest_margin(self) -> float:
        """The smallest margin at which the arm would be equivalent; infinite if a diverged run rules that out."""
        return math.inf if self.barred else max(abs(self.low), abs(self.high))

    @property
    def effect(self) -> float:
        """The difference in standard deviations of the paired differences (Cohen's d_z); NaN without spread."""
        return self.difference / self.sd if self.high > self.low else math.nan

    @property
    def side(self) -> Literal["above", "below", "across"]:
        """Where the interval lies as seen from zero."""
        return "above" if self.low > 0 else "below" if self.high < 0 else "across"


def compare(
    arm: ArrayLike,
    reference: ArrayLike,
    *,
    margin: float,
    comparisons: int,
    sign: int = 1,
    arm_diverged: bool = False,
    reference_diverged: bool = False,
    missing: bool = False,
    share: float = 1.0,
) -> Comparison:
    """Compare an arm with its reference on the seeds that both have.

    Args:
        arm, reference: scores (seeds,), paired by position.
        margin: differences smaller than this do not matter to the reader; in the metric's unit.
        comparisons: pairs of arms that the study compares, over which the error is shared.
        sign: +1 if more is better, -1 if less is.
        arm_diverged, reference_diverged: whether any of its runs diverged.
        missing: whether a seed is still to come, for which the verdict waits.
        share: of the error, what this look at the scores may spend: all of it, if it is the only one.
    """
    good, usual = sign * np.asarray(arm, float), sign * np.asarray(reference, float)
    level = level_of(comparisons, share)
    low, high = paired_interval(good, usual, level)
    barred = ruled_out(arm_diverged=arm_diverged, reference_diverged=reference_diverged)
    differences = good - usual
    return Comparison(
        pairs=len(differences),
        difference=float(differences.mean()) if len(differences) else math.nan,
        sd=float(differences.std(ddof=1)) if len(differences) > 1 else math.nan,
        low=low,
        high=high,
        level=level,
        verdict="waiting" if missing else judge(low, high, margin, barred),
        barred=barred,
    )


def level_of(comparisons: int, share: float = 1.0) -> float:
    """The confidence of each of so many intervals, where a look may spend this share of the error (Bonferroni)."""
    return 1 - (1 - CONFIDENCE) / comparisons * share


def paired_interval(arm: np.ndarray, reference: np.ndarray, level: float) -> tuple[float, float]:
    """The interval of `scipy.stats.ttest_rel` for the mean difference; the whole line with fewer than two pairs."""
    from scipy import stats

    if len(arm) < 2:
        return -math.inf, math.inf
    differences = arm - reference
    if np.ptp(differences) <= 1e-12 * np.abs(arm).max():  # no spread but rounding: scipy would warn of lost precision
        return float(differences.mean()), float(differences.mean())
    interval = stats.ttest_rel(arm, reference).confidence_interval(level)
    return float(interval.low), float(interval.high)


def judge(low: float, high: float, margin: float, barred: frozenset[Verdict] = frozenset()) -> Verdict:
    """The verdict on an interval: equivalent inside the margin, else better or worse beside zero, else undecided.

    It is undecided, too, where that verdict is barred.
    """
    verdict: Verdict = "undecided"
    if -margin < low and high < margin:
        verdict = "equivalent"
    elif low > 0:
        verdict = "better"
    elif high < 0:
        verdict = "worse"
    return "undecided" if verdict in barred else verdict


def ruled_out(*, arm_diverged: bool, reference_diverged: bool) -> frozenset[Verdict]:
    """An arm with a diverged run is never better or equivalent; with a diverged reference no arm is worse or so."""
    barred: set[Verdict] = {"better", "equivalent"} if arm_diverged else set()
    return frozenset(barred | ({"worse", "equivalent"} if reference_diverged else set()))


def bad_seed_bound(bad: int, seeds: int) -> float:
    """The highest rate of bad seeds that `bad` of `seeds` leaves possible, 95% confidence (Clopper-Pearson)."""
    from scipy import stats

    if not seeds:
        return 1.0
    return float(stats.binomtest(bad, seeds, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)
