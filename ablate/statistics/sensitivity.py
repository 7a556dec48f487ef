"""Whether another choice would have changed a verdict: other weights, the mean MSE, or one seed less."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablate.statistics.claims import Pair
from ablate.statistics.course import Course
from ablate.statistics.multiplicity import Look, level_of
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison, Verdict

if TYPE_CHECKING:
    import pandas as pd

Compare = Callable[[Sequence[Pair]], list[Comparison]]
"""Compares the arms of each pair, given by name."""


@dataclass(frozen=True)
class OtherScores:
    """The choice to compare other scores, of this `name`."""

    name: str


@dataclass(frozen=True)
class MeanError:
    """The choice to compare the mean MSE of the seeds in place of the mean of their decibels."""


@dataclass(frozen=True)
class WithoutSeed:
    """The choice to leave this seed out."""

    seed: int


Choice = OtherScores | MeanError | WithoutSeed


@dataclass(frozen=True)
class Sensitivity:
    """The comparison of an arm as it was made, and as it would be by other choices.

    Attributes:
        arm, against: the names of the two arms.
        actual: the comparison by which the arm was judged.
        others: the comparison by each other choice. That by `MeanError` is in fractions of the reference's mean MSE
            (0.06 is 6% less error); all others are in the metric's unit.
    """

    arm: str
    against: str
    actual: Comparison
    others: Mapping[Choice, Comparison]

    @property
    def changes(self) -> dict[Choice, Verdict]:
        """The verdicts that differ, by the choice that leads to them; empty while the verdict waits for a run."""
        if self.actual.verdict == "waiting":
            return {}
        return {choice: c.verdict for choice, c in self.others.items() if c.verdict != self.actual.verdict}


def sensitivity(
    course: Course,
    scores: Scores,
    against: Mapping[str, str],
    others: Mapping[str, Scores],
    *,
    in_decibels: bool,
) -> list[Sensitivity]:
    """Compare every arm by all other choices, at the look at which it was judged.

    Args:
        course, scores: by which the arms were judged.
        against: the arm that each arm is compared with, by name.
        others: other scores of the same runs, by their names.
        in_decibels: whether the scores are 10 log10 of an error, so that the errors can be compared too.
    """
    actual = course.compare_pairs(scores, against.items())
    by_choice: dict[Pair, dict[Choice, Comparison]] = {pair: {} for pair in actual}
    for look, pairs in course.by_look(against.items()).items():
        for choice, compare in other_choices(scores, others, look, in_decibels=in_decibels).items():
            for pair, comparison in zip(pairs, compare(pairs), strict=True):
                by_choice[pair][choice] = comparison
    return [Sensitivity(*pair, actual[pair], by_choice[pair]) for pair in against.items()]


def other_choices(
    scores: Scores, others: Mapping[str, Scores], look: Look, *, in_decibels: bool
) -> dict[Choice, Compare]:
    """All other choices at a look. Seeds are left out only if at least two remain: one pair has no interval."""
    seen = scores.at(look)
    choices: dict[Choice, Compare] = {OtherScores(name): other.at(look).compare_pairs for name, other in others.items()}
    if in_decibels:
        choices[MeanError()] = lambda pairs: compare_mean_errors(seen, pairs)
    if look.seeds > 2:
        share = share_without_a_seed(look, scores.comparisons)
        choices |= {
            WithoutSeed(seed): replace(seen.without(seed), share=share).compare_pairs for seed in seen.values.index
        }
    return choices


def share_without_a_seed(look: Look, comparisons: int) -> float:
    """The share of the error with which one seed less gives intervals as wide as all seeds of a look do, for one sd.

    Otherwise nearly every verdict on three seeds would change with any of them: the interval of two pairs is six times
    as wide, whichever seed is left out.

    >>> round(share_without_a_seed(Look(3), comparisons=1), 2)
    3.53
    """
    from scipy import stats

    level = level_of(comparisons, look.share)
    t = stats.t.ppf((1 + level) / 2, look.seeds - 1) * math.sqrt((look.seeds - 1) / look.seeds)
    return float(2 * stats.t.sf(t, look.seeds - 2)) / (1 - level_of(comparisons))


def compare_mean_errors(scores: Scores, pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare the mean MSE of the seeds, for scores in decibels, by the same rule.

    The mean of decibels weighs a seed by the ratio of its errors, the mean MSE by the errors themselves. In the mean
    MSE, bad seeds therefore count for more.
    """
    errors = 10 ** (-scores.values / 10)  # for the gain: relative to the error of doing nothing
    # M dB are a factor of 10^(M/10): an error that is lower by 1 - 10^(-M/10), or higher by 10^(M/10) - 1. The rule has
    # one margin for both sides, so take the smaller one
    margin = 1 - 10 ** (-scores.margin / 10)
    found: dict[Pair, Comparison] = {}
    for against in dict.fromkeys(against for _, against in pairs):
        members = [pair for pair in pairs if pair[1] == against]
        relative = {arm: _relative_errors(errors[arm], errors[against]) for arm, _ in members}
        values = errors.assign(**{against: 1.0}, **relative)
        compared = replace(scores, values=values, sign=-1, margin=margin).compare_pairs(members)
        found |= dict(zip(members, compared, strict=True))
    return [found[pair] for pair in pairs]


def _relative_errors(errors: pd.Series[float], reference: pd.Series[float]) -> pd.Series[float]:
    """Errors (by seed) as fractions of the reference's mean error, so that a margin in decibels has a meaning.

    Their mean is the ratio R of the mean errors. They vary as that ratio does, by (a - R r) over the mean of r
    (Cochran 1977, "Sampling techniques", 6.4): what makes a seed hard for both arms leaves it unchanged. The fractions
    a over the mean of r would vary with the reference, too, the more the further R is from 1.
    """
    both = errors.notna() & reference.notna()
    scale = reference[both].mean()
    ratio = errors[both].mean() / scale
    return ratio + (errors - ratio * reference) / scale
