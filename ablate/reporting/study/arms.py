"""The numbers of each arm of a study: of its own runs, and of its comparison with its reference."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ablate.records.record import ENDED, FAILED
from ablate.records.tables import read_scores
from ablate.statistics.course import Course, End, compare_all
from ablate.statistics.intervals import paired_intervals
from ablate.statistics.multiplicity import level_of
from ablate.statistics.noise import Trend, end_trend
from ablate.statistics.power import SeedsNeeded, seeds_needed
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison
from ablate.studies.plan import Plan, PlannedArm


@dataclass(frozen=True)
class Level:
    """The level of an arm by itself, over the seeds of the first look, which all arms have; NaN without any run.

    With several looks, arms that are hard to decide have more seeds than others. Over all of them, a mean would be that
    of other seeds, and could contradict the paired difference; and the fastest of many runs is faster than that of few.

    Attributes:
        seeds: runs with a score among these seeds.
        mean, sd: of the score over them.
        last_mean, last_sd: of the score of the last epoch's weights.
        gain: mean gain in dB over doing nothing.
        gain_low, gain_high: the ends of its t interval; those of all arms of a study hold jointly with 95% confidence.
        seconds: training time of the fastest run, since other work on a machine only slows runs down.
    """

    seeds: int
    mean: float
    sd: float
    last_mean: float
    last_sd: float
    gain: float
    gain_low: float
    gain_high: float
    seconds: float


@dataclass(frozen=True)
class ArmRow:
    """One arm's numbers: NaN where no run has a score, None where a reference has no comparison.

    Attributes:
        against: the arm that it is compared with.
        seeds: runs with a score, of which `diverged_runs` diverged and `useless_runs` have learned nothing.
        counted_runs: failed runs that count as predicting zero (`missing`); they are among `seeds` and `failures`.
        failures: number of runs without a score, by why: `failed`, `timed out`, `set aside`.
        sd: of the score over these seeds.
        image_sem: standard error of a run's score over the test images, in the metric's unit; NaN where unknown.
        level: the arm's own level, which can be compared with that of any other arm.
        trend: of the validation score over the last epochs; None with too few of them.
        correlation: of the scores with those of the arm that it is compared with; NaN where unknown.
        comparison: with the arm that it is compared with, by the study's metric.
        decibels: the same comparison in dB, whatever the study's metric is.
        seeds_needed: how many seeds would decide an undecided comparison.
        history: the comparison at each look that included the arm.
        end: why no further look includes the arm; None while more looks can follow.
        parameters, flops: of the network, and of one image through it.
    """

    name: str
    against: str | None
    seeds: int
    diverged_runs: int
    useless_runs: int
    counted_runs: int
    failures: dict[str, int]
    sd: float
    image_sem: float
    level: Level
    trend: Trend | None
    correlation: float
    comparison: Comparison | None
    decibels: Comparison | None
    seeds_needed: SeedsNeeded | None
    history: list[Comparison]
    end: End | None
    parameters: float
    flops: float

    @property
    def bad_runs(self) -> int:
        """How many runs diverged, have learned nothing, or failed and count as predicting zero."""
        return self.diverged_runs + self.useless_runs + self.counted_runs

    @property
    def failed_runs(self) -> int:
        """How many runs have no score, however they failed."""
        return sum(self.failures.values())

    @property
    def outcomes(self) -> str:
        """The number of runs that went wrong, in words: `1 diverged, 1 learned nothing, 2 failed`."""
        counts = {"diverged": self.diverged_runs, "learned nothing": self.useless_runs, **self.failures}
        return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def arm_rows(plan: Plan, course: Course, scores: Scores, runs: pd.DataFrame, epochs: pd.DataFrame) -> list[ArmRow]:
    """Every arm's numbers, in the order of the study, from the tables of its runs and of their epochs."""
    comparisons = compare_all(course, scores, plan.against)
    in_decibels = read_scores(plan, runs, plan.metric.gain) if plan.metric.is_ours else None
    decibels = compare_all(course, in_decibels, plan.against) if in_decibels else {}
    needed = seeds_needed(list(comparisons.values()), plan.margin, plan.family.level)
    needed_by_arm = dict(zip(comparisons, needed, strict=True))
    histories = {arm: looks for (arm, _), looks in course.histories(scores, list(plan.against.items())).items()}
    own_facts, trends = _own_facts(plan, runs), _trends(plan, runs, epochs)
    correlations = scores.values.corr(min_periods=2).to_dict()

    def row(arm: PlannedArm) -> ArmRow:
        return ArmRow(
            name=arm.name,
            against=arm.against,
            comparison=comparisons.get(arm.name),
            decibels=decibels.get(arm.name),
            trend=trends.get(arm.name),
            correlation=correlations[arm.name][arm.against] if arm.against else math.nan,
            seeds_needed=needed_by_arm.get(arm.name),
            history=histories.get(arm.name, []),
            end=course.end(arm.name, arm.against) if arm.against else None,
            **own_facts[arm.name],
        )

    return [row(arm) for arm in plan.arms]


def _own_facts(plan: Plan, runs: pd.DataFrame) -> dict[str, Any]:
    """The fields of `ArmRow` that follow from an arm's own runs, by arm."""
    metric = plan.metric
    counted = (runs.status == "failed") & runs[metric.name].notna()  # as predicting zero, if the study says so
    ended = runs[runs.status.isin(ENDED) | counted]
    ended = ended.assign(
        counted=counted[ended.index],
        sem=image_sem(ended, metric.name),
        diverged=ended.status == "diverged",
        useless=ended[f"{metric.kind}/psnr"] < ended["zero/psnr"] if metric.is_ours else False,
    )
    by_arm = ended.groupby("arm")
    facts = pd.DataFrame(
        {
            "seeds": by_arm.size(),
            "diverged_runs": by_arm["diverged"].sum(),
            "useless_runs": by_arm["useless"].sum(),
            "counted_runs": by_arm["counted"].sum(),
            "sd": by_arm[metric.name].std(),
            "image_sem": by_arm["sem"].mean(),
            "parameters": by_arm["cost/parameters"].max(),
            "flops": by_arm["cost/flops"].max(),
        }
    )
    names = [arm.name for arm in plan.arms]
    counts_of = ["seeds", "diverged_runs", "useless_runs", "counted_runs"]
    counts = facts[counts_of].reindex(names, fill_value=0).astype(int).to_dict("index")
    numbers = facts.drop(columns=counts_of).astype(float).reindex(names).to_dict("index")
    failures = pd.crosstab(runs.arm, runs.status).reindex(index=names, columns=FAILED, fill_value=0).to_dict("index")
    levels = _levels(plan, ended)
    return {arm: numbers[arm] | counts[arm] | {"failures": failures[arm], "level": levels[arm]} for arm in names}


def _levels(plan: Plan, ended: pd.DataFrame) -> dict[str, Level]:
    """The level of each arm, from the runs that have ended."""
    metric, known = plan.metric.name, plan.metric.is_ours
    last, gain = (plan.metric.at("last").name, plan.metric.gain.name) if known else ("last", "gain")
    ended = ended if known else ended.assign(last=math.nan, gain=math.nan)
    first = ended[ended.seed.isin(plan.level_seeds)]
    by_arm, finished = first.groupby("arm"), first[first.status != "diverged"].groupby("arm")
    gains = by_arm[gain]
    intervals = _intervals(gains, level_of(len(plan.arms)))
    facts = pd.DataFrame(
        {
            "mean": by_arm[metric].mean(),
            "sd": by_arm[metric].std(),
            "last_mean": by_arm[last].mean(),
            "last_sd": by_arm[last].std(),
            "gain": gains.mean(),
            "gain_low": {arm: low for arm, (low, _) in intervals.items()},
            "gain_high": {arm: high for arm, (_, high) in intervals.items()},
            # a diverged run may have stopped early
            "seconds": finished["cost/train_seconds"].min().combine_first(by_arm["cost/train_seconds"].min()),
        }
    ).astype(float)
    names = [arm.name for arm in plan.arms]
    seeds, levels = by_arm.size().to_dict(), facts.reindex(names)
    return {str(arm): Level(seeds.get(arm, 0), *numbers) for arm, *numbers in levels.itertuples()}


def _intervals(gains: Iterable[tuple[Any, pd.Series[float]]], level: float) -> dict[str, tuple[float, float]]:
    """The t interval of each arm's mean gain. Those of arms with equally many runs are computed at once."""
    by_count: dict[int, dict[str, pd.Series[float]]] = {}
    for arm, values in gains:
        by_count.setdefault(len(values), {})[arm] = values
    found: dict[str, tuple[float, float]] = {}
    for arms in by_count.values():
        low, high = paired_intervals(np.stack([*arms.values()]), 0.0, level)
        found |= zip(arms, zip(low.tolist(), high.tolist(), strict=True), strict=True)
    return found


def _trends(plan: Plan, runs: pd.DataFrame, epochs: pd.DataFrame) -> dict[str, Trend]:
    """The trend of each arm at the end of its training, from those of its ended runs that have all epochs."""
    metric = plan.metric.followed
    if metric.name not in epochs:
        return {}
    ended = epochs[epochs.run.isin(runs.run[runs.status.isin(ENDED)])]
    curves = ended.pivot(index=["arm", "run"], columns="epoch", values=metric.name)
    by_arm = {
        str(arm): end_trend(part.dropna(axis="columns", how="all").dropna().to_numpy())
        for arm, part in curves.groupby(level="arm", sort=False)
    }
    return {arm: trend for arm, trend in by_arm.items() if trend}


def image_sem(runs: pd.DataFrame, metric: str) -> pd.Series[float]:
    """Each run's standard error over the test images, in the metric's unit (by the delta method for decibels)."""
    if metric == "test/mse":
        return runs["test/mse_sem"]
    if metric in ("test/psnr", "test/gain"):
        return 10 / math.log(10) * runs["test/mse_sem"] / runs["test/mse"]
    return runs["test/mse_sem"] * math.nan
