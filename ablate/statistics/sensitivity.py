"""Would another choice have changed a verdict? The same rule by other weights, the mean MSE, and without each seed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from ablate.statistics.course import Course
from ablate.statistics.multiplicity import Look
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison, Verdict

Judge = Callable[[str, str], Comparison]
"""An arm and the one that it is compared with -> their comparison."""


@dataclass(frozen=True)
class OtherScores:
    """To judge by the scores of this `name` instead."""

    name: str


@dataclass(frozen=True)
class MeanError:
    """To compare the seeds' mean MSE instead of the mean of their decibels."""


@dataclass(frozen=True)
class WithoutSeed:
    """To leave this seed out."""

    seed: int


Choice = OtherScores | MeanError | WithoutSeed


@dataclass(frozen=True)
class Sensitivity:
    """An arm's comparison as it was judged, and as other choices would have judged it.

    The differences by `MeanError` are fractions of the reference's mean MSE (0.06: 6% less error); all others are in
    the metric's unit.
    """

    arm: str
    against: str
    judged: Comparison
    others: Mapping[Choice, Comparison]

    @property
    def changes(self) -> dict[Choice, Verdict]:
        """The verdicts that differ, by the choice that leads to them; none while the verdict waits for a run."""
        if self.judged.verdict == "waiting":
            return {}
        return {choice: c.verdict for choice, c in self.others.items() if c.verdict != self.judged.verdict}


def sensitivity(
    course: Course,
    scores: Scores,
    against: Mapping[str, str],
    others: Mapping[str, Scores],
    *,
    in_decibels: bool,
) -> list[Sensitivity]:
    """Every compared arm, judged by the other choices at the same look.

    Args:
        course, scores: by which the arms were judged.
        against: what each compared arm is compared with.
        others: other scores of the same runs, by their names.
        in_decibels: whether the scores are 10 log10 of an error, so that the errors themselves can be compared.
    """
    looks = {course.look(*pair) for pair in against.items()}
    judges = {look: choices(scores, others, look, in_decibels=in_decibels) for look in looks}

    def judged(pair: tuple[str, str]) -> dict[Choice, Comparison]:
        return {choice: judge(*pair) for choice, judge in judges[course.look(*pair)].items()}

    return [Sensitivity(*pair, course.compare(scores, *pair), judged(pair)) for pair in against.items()]


def choices(scores: Scores, others: Mapping[str, Scores], look: Look, *, in_decibels: bool) -> dict[Choice, Judge]:
    """Each other choice at a look; seeds are left out only if two or more remain."""
    seen = scores.at(look)
    found: dict[Choice, Judge] = {OtherScores(name): other.at(look).compare for name, other in others.items()}
    if in_decibels:
        found[MeanError()] = lambda arm, against: mean_error(seen, arm, against)
    if look.seeds > 2:
        found |= {WithoutSeed(seed): seen.without(seed).compare for seed in seen.values.index}
    return found


def mean_error(scores: Scores, arm: str, against: str) -> Comparison:
    """The rule on the seeds' MSE instead of their decibels, so that it is the mean MSE that is compared.

    The mean of decibels weighs a seed by the ratio of its error, the mean MSE by the error itself: bad seeds count for
    more. Errors (for the gain: relative to doing nothing) are divided by their mean over the reference's seeds, so a
    margin of M dB becomes 1 - 10^(-M / 10), the smaller of its two sides.
    """
    errors = 10 ** (-scores.values[[arm, against]] / 10)
    relative = errors / errors[against].mean()
    return replace(scores, values=relative, sign=-1, margin=1 - 10 ** (-scores.margin / 10)).compare(arm, against)
