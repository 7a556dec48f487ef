"""Whether another choice would have changed a verdict: other weights, the mean MSE, or one seed less."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.claims import Pair
from ablate.statistics.course import Course
from ablate.statistics.multiplicity import Look
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison, Verdict

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

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
    """The choice to put a typical seed in the place of this one."""

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
        choices |= {WithoutSeed(seed): partial(compare_without, seen, seed) for seed in seen.values.index}
    return choices


def compare_without(scores: Scores, seed: int, pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare pairs as if one of their n seeds had been a typical one, like the others.

    The intervals are those of n differences that have the mean and the standard deviation of the remaining n - 1.
    Those of n - 1 seeds would be wider whichever seed is left out, at three seeds by a factor of 3.6 or more, so nearly
    every verdict would change.
    """
    import pandas as pd

    rest = scores.without(seed)
    if rest.lacking is not None:  # the typical seed lacks no run
        rest = replace(rest, lacking=pd.concat([rest.lacking, rest.lacking.iloc[:1] & False], ignore_index=True))
    arms, references = (rest.values[list(names)].to_numpy(float).T for names in zip(*pairs, strict=True))
    differences = arms - references
    # n differences with the mean and the sd of the remaining ones: these, further from their mean, and the mean itself.
    # A missing run leaves its own NaN, so the verdict waits, unless the study does without it
    count = (~np.isnan(differences)).sum(axis=1, keepdims=True).clip(2)
    mean = _average(differences)
    spread = (differences - mean) * np.sqrt(count / (count - 1))
    typical = np.hstack([mean + spread, mean])
    against = np.hstack([references, _average(references)])
    return rest.compare_arrays(against + typical, against, pairs)


def _average(values: NDArray[np.floating]) -> NDArray[np.floating]:
    """The mean of each row without NaN (pairs, 1); 0 if nothing is left."""
    found = ~np.isnan(values)
    return np.asarray(np.where(found, values, 0).sum(axis=1, keepdims=True) / found.sum(axis=1, keepdims=True).clip(1))


def compare_mean_errors(scores: Scores, pairs: Sequence[Pair]) -> list[Comparison]:
    """Compare the mean MSE of the seeds, for scores in decibels, by the same rule.

    The mean of decibels weighs a seed by the ratio of its errors, the mean MSE by the errors themselves. In the mean
    MSE, bad seeds therefore count for more.
    """
    errors = 10 ** (-scores.values / 10)  # for the gain: relative to the error of doing nothing
    # M dB are a factor of 10^(M/10): an error that is lower by 1 - 10^(-M/10), or higher by 10^(M/10) - 1. The rule has
    # one margin for both sides, so take the smaller one
    margin = 1 - 10 ** (-scores.margin / 10)
    arms = np.array([_relative_errors(errors[arm], errors[against]) for arm, against in pairs])
    return replace(scores, sign=-1, margin=margin).compare_arrays(arms, np.ones_like(arms), pairs)


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
