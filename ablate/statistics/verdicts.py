"""Paired comparisons, their intervals and verdicts: pure functions on arrays, by scipy's routines.

One simultaneous interval decides each comparison of a study (`multiplicity.level_of`), so that all verdicts of a study
hold together with 95% confidence, whatever the arms' variances, and remain true for any other margin. Reports,
strategies and simulations use the same two functions: `paired_intervals` and `judge`.
"""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from ablate.statistics.multiplicity import CONFIDENCE, level_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Verdict = Literal["better", "worse", "equivalent", "undecided", "waiting"]

SETTLED: tuple[Verdict, ...] = ("better", "worse", "equivalent")


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
    low, high = (float(end) for end in paired_intervals(good, usual, level))
    barred = ruled_out(arm_diverged=arm_diverged, reference_diverged=reference_diverged)
    differences = good - usual
    return Comparison(
        pairs=len(differences),
        difference=float(differences.mean()) if len(differences) else math.nan,
        sd=float(differences.std(ddof=1)) if len(differences) > 1 else math.nan,
        low=low,
        high=high,
        level=level,
        verdict="waiting" if missing else cast("Verdict", judge(low, high, margin, barred).item()),
        barred=barred,
    )


def paired_intervals(
    arms: ArrayLike, references: ArrayLike, level: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """The ends of the intervals of mean paired differences, by `scipy.stats.ttest_rel`.

    Args:
        arms, references: scores (..., seeds), paired by position.
        level: confidence of each interval.

    Returns:
        Lower and upper ends (...); the whole line with fewer than two pairs.
    """
    from scipy import stats

    good, usual = np.broadcast_arrays(np.asarray(arms, float), np.asarray(references, float))
    if good.shape[-1] < 2:
        return np.full(good.shape[:-1], -math.inf), np.full(good.shape[:-1], math.inf)
    differences = good - usual
    low = np.array(differences.mean(axis=-1))
    high = low.copy()
    # without any spread but that of rounding scipy would warn of lost precision
    spread = np.ptp(differences, axis=-1) > 1e-12 * np.abs(good).max(axis=-1)
    if spread.any():
        found = stats.ttest_rel(good[spread], usual[spread], axis=-1).confidence_interval(level)
        low[spread], high[spread] = found.low, found.high
    return low, high


def judge(low: ArrayLike, high: ArrayLike, margin: float, barred: Collection[Verdict] = ()) -> NDArray[np.str_]:
    """The verdicts on intervals (any shape): equivalent inside the margin, else better or worse beside zero.

    What is neither is undecided, which is not "no effect"; so is what would be a barred verdict.
    """
    low, high = np.asarray(low), np.asarray(high)
    rules = [(-margin < low) & (high < margin), low > 0, high < 0]
    verdicts = np.select(rules, ["equivalent", "better", "worse"], "undecided")
    return np.where(np.isin(verdicts, list(barred)), "undecided", verdicts)


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
