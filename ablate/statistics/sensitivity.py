"""Would another choice have changed a verdict? The same rule by the last epoch, the mean MSE, and without each seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablate.metrics import METRICS
from ablate.statistics.course import follow
from ablate.statistics.scores import Scores, read_scores
from ablate.statistics.verdicts import Comparison, Verdict
from ablate.studies.planning import arms
from ablate.studies.seeds import Look
from ablate.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd

Judge = Callable[[str, str], Comparison]
"""An arm and the one that it is compared with -> their comparison."""


@dataclass(frozen=True)
class Sensitivity:
    """An arm's comparison as it was judged, and as other choices would have judged it, by what they are called.

    The differences of `mean MSE` are fractions of the reference's mean MSE (0.06: 6% less error); all others are in
    the metric's unit.
    """

    arm: str
    against: str
    judged: Comparison
    others: dict[str, Comparison]

    @property
    def changes(self) -> dict[str, Verdict]:
        """The verdicts that differ, by the choice that leads to them; none while the verdict waits for a run."""
        if self.judged.verdict == "waiting":
            return {}
        return {name: c.verdict for name, c in self.others.items() if c.verdict != self.judged.verdict}


def sensitivity(study: Study, runs: pd.DataFrame) -> list[Sensitivity]:
    """Every compared arm of a table of runs (`results.load_results`), judged by the other choices at the same look."""
    scores, course = read_scores(study, runs), follow(study, runs)
    pairs = [(arm.name, arm.against) for arm in arms(study) if arm.against is not None]
    others = {look: choices(study, runs, look) for look in {course.look(*pair) for pair in pairs}}

    def judged(pair: tuple[str, str]) -> dict[str, Comparison]:
        return {name: judge(*pair) for name, judge in others[course.look(*pair)].items()}

    return [Sensitivity(*pair, course.compare(scores, *pair), judged(pair)) for pair in pairs]


def choices(study: Study, runs: pd.DataFrame, look: Look) -> dict[str, Judge]:
    """Each other choice by its name; the mean MSE only for decibels, seeds are left out only if two or more remain."""
    scores = read_scores(study, runs).at(look)
    metric = METRICS[study.metric]
    name, kind = {"test": ("last epoch", "last"), "last": ("best epoch", "test")}[metric.kind]
    found: dict[str, Judge] = {name: read_scores(study, runs, metric.at(kind).name).at(look).compare}
    if metric.unit == "dB":
        found["mean MSE"] = lambda arm, against: mean_error(scores, arm, against)
    if look.seeds > 2:
        found |= {f"without seed {seed}": scores.without(seed).compare for seed in study.seeds[: look.seeds]}
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
