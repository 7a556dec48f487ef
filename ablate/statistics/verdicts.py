"""Paired comparisons, their intervals and verdicts: pure functions on arrays, computed by scipy.

Each comparison has two intervals. *Better* and *worse* need the outer one, of the confidence `multiplicity.level_of`.
*Equivalent* needs the inner one, whose ends are one-sided bounds of that confidence each: two one-sided tests
(Schuirmann 1987). This costs no error. If the true difference is d >= 0, then *worse*, and *equivalent* by a margin of
at most d, both need an upper one-sided bound below d (Goeman, Solari and Stijnen 2010, Statistics in Medicine 29). So
it holds for every margin, also for one that a reader chooses later. Reports, strategies and simulations all use
`paired_intervals` and `judge`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from ablate.statistics.claims import Verdict as Verdict
from ablate.statistics.intervals import inner_level, median_intervals, paired_intervals
from ablate.statistics.multiplicity import level_of

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

DECIDED: tuple[Verdict, ...] = ("better", "worse", "equivalent")
"""The verdicts that decide a comparison."""


@dataclass(frozen=True)
class Median:
    """The median of the same paired differences: intervals and a verdict that hold whatever the noise.

    Attributes:
        wins: seeds in which the arm is better than its reference.
        low, high, inner_low, inner_high: its exact intervals; infinite with too few seeds (`fewest_seeds`).
        verdict: by the rule of `judge`.
    """

    wins: int
    low: float
    high: float
    inner_low: float
    inner_high: float
    verdict: Verdict


@dataclass(frozen=True)
class Comparison:
    """An arm compared with its reference, seed by seed. The sign of differences is such that up is good.

    Attributes:
        pairs: number of seeds that both have.
        difference: mean of the paired differences, in the metric's unit.
        sd: their standard deviation.
        low, high: the outer interval of the mean difference; infinite with fewer than two pairs.
        level: its confidence.
        inner_low, inner_high: the inner interval, of the confidence `inner_level`.
        verdict: by the rule of `judge`.
        barred: the verdicts that are ruled out by bad runs of the arm or of its reference.
        median: the median of the same differences; None without any pair.
    """

    pairs: int
    difference: float
    sd: float
    low: float
    high: float
    level: float
    inner_low: float
    inner_high: float
    verdict: Verdict
    barred: frozenset[Verdict] = frozenset()
    median: Median | None = None

    @property
    def is_for_median(self) -> bool:
        """Whether the verdict holds for the median seed, too, whatever the noise."""
        return self.verdict in DECIDED and self.median is not None and self.median.verdict == self.verdict

    @property
    def smallest_margin(self) -> float:
        """The margin above which the arm would be equivalent; infinite if a bad run rules that out."""
        return math.inf if self.barred else max(abs(self.inner_low), abs(self.inner_high))

    @property
    def inner_level(self) -> float:
        """The confidence of the inner interval."""
        return inner_level(self.level)

    @property
    def effect(self) -> float:
        """The difference, in standard deviations of the paired differences (Cohen's d_z); NaN without spread."""
        return self.difference / self.sd if self.high > self.low else math.nan

    @property
    def side(self) -> Literal["above", "below", "across"]:
        """Whether the outer interval is above zero, below it, or contains it."""
        return "above" if self.low > 0 else "below" if self.high < 0 else "across"


def compare(
    arm: ArrayLike,
    reference: ArrayLike,
    *,
    margin: float,
    comparisons: int,
    sign: int = 1,
    arm_bad: bool = False,
    reference_bad: bool = False,
    share: float = 1.0,
) -> Comparison:
    """Compare an arm with its reference on the seeds that both have.

    Args:
        arm, reference: scores (seeds,), paired by position; NaN where a run is missing.
        arm_bad, reference_bad: whether any of its runs is a bad one.
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
        arms_bad=[arm_bad],
        references_bad=[reference_bad],
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
    arms_bad: Sequence[bool],
    references_bad: Sequence[bool],
    share: float = 1.0,
    lacking: ArrayLike | None = None,
    missing: int = 0,
) -> list[Comparison]:
    """Compare pairs of an arm and its reference, each on the seeds that both have.

    Args:
        arms, references: scores (pairs, seeds), paired by position; NaN where a run is missing, so that the verdict
            waits unless that is allowed (`missing`).
        margin: in the metric's unit; differences smaller than this do not matter to the reader.
        comparisons: number of pairs of arms that the study compares, over which the error is shared.
        sign: +1 if higher is better, -1 if lower is.
        arms_bad, references_bad: for each pair, whether any run of the arm, or of the reference, is a bad one: it
            diverged, or has learned nothing.
        share: of the error, what this look can spend; all of it if there is only one look.
        lacking: (pairs, seeds), whether one of the two runs is missing for good; it may still have a score, with which
            it counts. By default, none is.
        missing: how many of these seeds a pair may have without making its verdict wait.

    >>> found = compare_pairs([[29.5, 30.1, 28.9], [29.1, 29.7, np.nan]], [[29.1, 29.8, 28.5]] * 2, margin=0.25,
    ...                       comparisons=2, arms_bad=[False] * 2, references_bad=[False] * 2)
    >>> [(comparison.pairs, comparison.verdict) for comparison in found]
    [(3, 'better'), (2, 'waiting')]
    """
    arms, references = sign * np.asarray(arms, float), sign * np.asarray(references, float)
    level = level_of(comparisons, share)
    barred = [
        find_barred(arm_bad=arm, reference_bad=reference)
        for arm, reference in zip(arms_bad, references_bad, strict=True)
    ]
    paired = ~(np.isnan(arms) | np.isnan(references))
    waits = _find_waiting(paired, lacking, missing)
    found: dict[int, Comparison] = {}
    for rows, columns in _complete_parts(paired):
        # contiguous, since the order of additions, and so the last digit of a mean, depends on the layout in memory
        arm, reference = (np.ascontiguousarray(scores[np.ix_(rows, columns)]) for scores in (arms, references))
        outer, inner = (paired_intervals(arm, reference, confidence) for confidence in (level, inner_level(level)))
        mean, sd = _moments(arm - reference)
        verdicts, medians = judge(outer, inner, margin), _compare_medians(arm - reference, level, margin)
        for place, row in enumerate(rows.tolist()):
            verdict = "waiting" if waits[row] else cast("Verdict", verdicts[place].item())
            found[row] = Comparison(
                pairs=len(columns),
                difference=float(mean[place]),
                sd=float(sd[place]),
                low=float(outer[0][place]),
                high=float(outer[1][place]),
                level=level,
                inner_low=float(inner[0][place]),
                inner_high=float(inner[1][place]),
                verdict="undecided" if verdict in barred[row] else verdict,
                barred=barred[row],
                median=medians[place] if medians else None,
            )
    return [found[row] for row in range(len(arms))]


def _find_waiting(paired: NDArray[np.bool_], lacking: ArrayLike | None, missing: int) -> NDArray[np.bool_]:
    """Which pairs wait (pairs,): a score is missing but not for good, or more than `missing` seeds lack a run."""
    lacks = np.zeros_like(paired) if lacking is None else np.asarray(lacking, bool)
    return np.asarray(np.any(~paired & ~lacks, axis=-1) | (lacks.sum(axis=-1) > missing))


def _complete_parts(paired: NDArray[np.bool_]) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """The rows that have the same columns, and these columns: few parts, since most runs are there or all missing."""
    parts: dict[bytes, list[int]] = {}
    for row, columns in enumerate(paired):
        parts.setdefault(columns.tobytes(), []).append(row)
    for rows in parts.values():
        yield np.array(rows), np.flatnonzero(paired[rows[0]])


def _compare_medians(differences: NDArray[np.floating], level: float, margin: float) -> list[Median]:
    """The medians of differences (pairs, seeds); empty without seeds."""
    if not differences.shape[1]:
        return []
    outer, inner = (median_intervals(differences, confidence) for confidence in (level, inner_level(level)))
    columns = (differences > 0).sum(axis=1), *outer, *inner, judge(outer, inner, margin)
    return [Median(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _moments(differences: NDArray[np.floating]) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Mean and standard deviation of each row (pairs, seeds); NaN where there are too few seeds."""
    pairs, seeds = differences.shape
    mean = differences.mean(axis=-1) if seeds else np.full(pairs, math.nan)
    sd = differences.std(axis=-1, ddof=1) if seeds > 1 else np.full(pairs, math.nan)
    return mean, sd


def judge(outer: tuple[ArrayLike, ArrayLike], inner: tuple[ArrayLike, ArrayLike], margin: float) -> NDArray[np.str_]:
    """The verdicts on outer and inner intervals (any shape, each a tuple of lower and upper ends).

    An arm whose inner interval is inside the margin is equivalent. Of the others, those whose outer interval is above
    zero are better and those with one below are worse. The rest are undecided: there may or may not be an effect.

    >>> judge(([-0.3, 0.1, -0.5], [0.2, 0.6, 0.4]), ([-0.2, 0.2, -0.4], [0.1, 0.5, 0.3]), margin=0.25).tolist()
    ['equivalent', 'better', 'undecided']
    """
    (low, high), (inner_low, inner_high) = map(np.asarray, outer), map(np.asarray, inner)
    # the order matters: `equivalent` comes first, so an effect that is certain but smaller than the margin is
    # equivalent, which is what a margin is for
    rules = [(-margin < inner_low) & (inner_high < margin), low > 0, high < 0]
    return np.select(rules, ["equivalent", "better", "worse"], "undecided")


def find_barred(*, arm_bad: bool, reference_bad: bool) -> frozenset[Verdict]:
    """The verdicts that bad runs rule out.

    An arm with a bad run is never better or equivalent. If the reference has a bad run, no arm is worse or equivalent.
    """
    barred: set[Verdict] = {"better", "equivalent"} if arm_bad else set()
    return frozenset(barred | ({"worse", "equivalent"} if reference_bad else set()))
