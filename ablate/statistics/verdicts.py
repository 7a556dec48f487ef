"""Paired comparisons, their intervals and verdicts: pure functions on arrays, computed by scipy.

Each comparison of a study is decided by one simultaneous interval (`multiplicity.level_of`). So all verdicts of a study
hold together with 95% confidence, whatever the variances of the arms. A reader who cares about another margin can apply
it to the same intervals. Reports, strategies and simulations all use `paired_intervals` and `judge`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from ablate.statistics.multiplicity import CONFIDENCE, level_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Verdict = Literal["better", "worse", "equivalent", "undecided", "waiting"]

DECIDED: tuple[Verdict, ...] = ("better", "worse", "equivalent")
"""The verdicts that decide a comparison."""


@dataclass(frozen=True)
class Comparison:
    """An arm compared with its reference, seed by seed. The sign of differences is such that up is good.

    Attributes:
        pairs: number of seeds that both have.
        difference: mean of the paired differences, in the metric's unit.
        sd: their standard deviation.
        low, high: the simultaneous interval of the mean difference; infinite with fewer than two pairs.
        level: its confidence.
        verdict: by the rule of `judge`.
        barred: the verdicts that are ruled out by diverged runs of the arm or of its reference.
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
        """The margin above which the arm would be equivalent; infinite if a diverged run rules that out."""
        return math.inf if self.barred else max(abs(self.low), abs(self.high))

    @property
    def effect(self) -> float:
        """The difference, in standard deviations of the paired differences (Cohen's d_z); NaN without spread."""
        return self.difference / self.sd if self.high > self.low else math.nan

    @property
    def side(self) -> Literal["above", "below", "across"]:
        """Whether the interval is above zero, below it, or contains it."""
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
    share: float = 1.0,
) -> Comparison:
    """Compare an arm with its reference on the seeds that both have.

    Args:
        arm, reference: scores (seeds,), paired by position; NaN where a run is missing.
        arm_diverged, reference_diverged: whether any of its runs diverged.
        margin, comparisons, sign, share: see `compare_pairs`.

    >>> found = compare([29.5, 30.1, 28.9], [29.1, 29.8, 28.5], margin=0.25, comparisons=1)
    >>> found.verdict, round(found.difference, 3), round(found.low, 3), round(found.high, 3)
    ('better', 0.367, 0.223, 0.51)
    """
    (found,) = compare_pairs(
        np.asarray(arm)[None],
        np.asarray(reference)[None],
        margin=margin,
        comparisons=comparisons,
        sign=sign,
        arms_diverged=[arm_diverged],
        references_diverged=[reference_diverged],
        share=share,
    )
    return found


def compare_pairs(
    arms: ArrayLike,
    references: ArrayLike,
    *,
    margin: float,
    comparisons: int,
    sign: int = 1,
    arms_diverged: Sequence[bool],
    references_diverged: Sequence[bool],
    share: float = 1.0,
) -> list[Comparison]:
    """Compare pairs of an arm and its reference, each on the seeds that both have.

    Args:
        arms, references: scores (pairs, seeds), paired by position; NaN where a run is missing, so that the verdict
            waits.
        margin: in the metric's unit; differences smaller than this do not matter to the reader.
        comparisons: number of pairs of arms that the study compares, over which the error is shared.
        sign: +1 if higher is better, -1 if lower is.
        arms_diverged, references_diverged: for each pair, whether any run of the arm, or of the reference, diverged.
        share: of the error, what this look can spend; all of it if there is only one look.

    >>> found = compare_pairs([[29.5, 30.1, 28.9], [29.1, 29.7, np.nan]], [[29.1, 29.8, 28.5]] * 2, margin=0.25,
    ...                       comparisons=2, arms_diverged=[False] * 2, references_diverged=[False] * 2)
    >>> [(comparison.pairs, comparison.verdict) for comparison in found]
    [(3, 'better'), (2, 'waiting')]
    """
    arms, references = sign * np.asarray(arms, float), sign * np.asarray(references, float)
    level = level_of(comparisons, share)
    barred = [
        find_barred(arm_diverged=arm, reference_diverged=reference)
        for arm, reference in zip(arms_diverged, references_diverged, strict=True)
    ]
    found: dict[int, Comparison] = {}
    for rows, columns in _complete_parts(~(np.isnan(arms) | np.isnan(references))):
        # contiguous, since the order of additions, and so the last digit of a mean, depends on the layout in memory
        arm, reference = (np.ascontiguousarray(scores[np.ix_(rows, columns)]) for scores in (arms, references))
        low, high = paired_intervals(arm, reference, level)
        mean, sd = _moments(arm - reference)
        verdicts = judge(low, high, margin)
        for place, row in enumerate(rows.tolist()):
            verdict = "waiting" if len(columns) < arms.shape[-1] else cast("Verdict", verdicts[place].item())
            found[row] = Comparison(
                pairs=len(columns),
                difference=float(mean[place]),
                sd=float(sd[place]),
                low=float(low[place]),
                high=float(high[place]),
                level=level,
                verdict="undecided" if verdict in barred[row] else verdict,
                barred=barred[row],
            )
    return [found[row] for row in range(len(arms))]


def _complete_parts(paired: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The rows that have the same columns, and these columns: few parts, since most runs are there or all missing."""
    parts: dict[bytes, list[int]] = {}
    for row, columns in enumerate(paired):
        parts.setdefault(columns.tobytes(), []).append(row)
    for rows in parts.values():
        yield np.array(rows), np.flatnonzero(paired[rows[0]])


def _moments(differences: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Mean and standard deviation of each row (pairs, seeds); NaN where there are too few seeds."""
    pairs, seeds = differences.shape
    mean = differences.mean(axis=-1) if seeds else np.full(pairs, math.nan)
    sd = differences.std(axis=-1, ddof=1) if seeds > 1 else np.full(pairs, math.nan)
    return mean, sd


def paired_intervals(
    arms: ArrayLike, references: ArrayLike, level: float
) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
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


def judge(low: ArrayLike, high: ArrayLike, margin: float) -> NDArray[np.str_]:
    """The verdicts on intervals (any shape).

    An interval inside the margin is equivalent. Of the others, those above zero are better and those below are worse.
    The rest are undecided: there may or may not be an effect.

    >>> judge([-0.1, 0.1, -0.5], [0.2, 0.6, 0.4], margin=0.25).tolist()
    ['equivalent', 'better', 'undecided']
    """
    low, high = np.asarray(low), np.asarray(high)
    # the order matters: `equivalent` comes first, so an effect that is certain but smaller than the margin is
    # equivalent, which is what a margin is for
    rules = [(-margin < low) & (high < margin), low > 0, high < 0]
    return np.select(rules, ["equivalent", "better", "worse"], "undecided")


def find_barred(*, arm_diverged: bool, reference_diverged: bool) -> frozenset[Verdict]:
    """The verdicts that diverged runs rule out.

    An arm with a diverged run is never better or equivalent. If a run of the reference diverged, no arm is worse or
    equivalent.
    """
    barred: set[Verdict] = {"better", "equivalent"} if arm_diverged else set()
    return frozenset(barred | ({"worse", "equivalent"} if reference_diverged else set()))


def bad_seed_bound(bad: int, seeds: int) -> float:
    """The upper bound, with 95% confidence, on the rate of bad seeds after `bad` of `seeds` were (Clopper-Pearson).

    >>> round(bad_seed_bound(0, 5), 2)
    0.45
    """
    from scipy import stats

    if not seeds:
        return 1.0
    return float(stats.binomtest(bad, seeds, alternative="less").proportion_ci(CONFIDENCE, method="exact").high)
