"""The numbers of each arm of a study: of its own runs, and of its comparison with its reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ablate.metrics import METRICS
from ablate.records.record import ENDED, FAILED
from ablate.records.tables import read_scores
from ablate.statistics.course import Course, End, compare_all
from ablate.statistics.power import SeedsNeeded, seeds_needed
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison
from ablate.studies.designs import Arm
from ablate.studies.planning import Design
from ablate.studies.study import Study


@dataclass(frozen=True)
class ArmRow:
    """One arm's numbers: NaN where no run has a score, None where a reference has no comparison.

    Attributes:
        against: the arm that it is compared with.
        seeds: runs with a score, of which `diverged_runs` diverged.
        failures: number of runs without a score, by how they failed: `failed`, `timed out`.
        mean, sd: of the score over the seeds.
        image_sem: standard error of a run's score over the test images, in the metric's unit; NaN where unknown.
        last_mean, last_sd: of the score of the last epoch's weights.
        gain: mean gain in dB over doing nothing.
        comparison: with the arm that it is compared with, by the study's metric.
        decibels: the same comparison in dB, whatever the study's metric is.
        seeds_needed: how many seeds would decide an undecided comparison.
        history: the comparison at each look that included the arm.
        end: why no further look includes the arm; None while more looks can follow.
        parameters, flops: of the network, and of one image through it.
        seconds: training time of the fastest run, since other work on a machine only slows runs down.
    """

    name: str
    against: str | None
    seeds: int
    diverged_runs: int
    failures: dict[str, int]
    mean: float
    sd: float
    image_sem: float
    last_mean: float
    last_sd: float
    gain: float
    comparison: Comparison | None
    decibels: Comparison | None
    seeds_needed: SeedsNeeded | None
    history: list[Comparison]
    end: End | None
    parameters: float
    flops: float
    seconds: float

    @property
    def failed_runs(self) -> int:
        """How many runs have no score, however they failed."""
        return sum(self.failures.values())

    @property
    def outcomes(self) -> str:
        """The number of runs that diverged or failed, in words: `1 diverged, 2 failed`."""
        counts = {"diverged": self.diverged_runs, **self.failures}
        return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


def arm_rows(design: Design, course: Course, scores: Scores, runs: pd.DataFrame) -> list[ArmRow]:
    """Every arm's numbers, in the order of the study."""
    study, level = design.study, design.family.level
    comparisons = compare_all(course, scores, design.against)
    decibels = compare_all(course, read_scores(design, runs, design.metric.gain), design.against)

    def row(arm: Arm) -> ArmRow:
        comparison = comparisons.get(arm.name)
        return ArmRow(
            name=arm.name,
            against=arm.against,
            comparison=comparison,
            decibels=decibels.get(arm.name),
            seeds_needed=seeds_needed(comparison, study.margin, level) if comparison else None,
            history=course.history(scores, arm.name, arm.against) if arm.against else [],
            end=course.end(arm.name, arm.against) if arm.against else None,
            **_own_facts(study, runs[runs.arm == arm.name]),
        )

    return [row(arm) for arm in design.arms]


def _own_facts(study: Study, runs: pd.DataFrame) -> dict[str, Any]:
    """The fields of `ArmRow` that follow from the arm's own runs."""
    ended, finished = runs[runs.status.isin(ENDED)], runs[runs.status == "finished"]
    metric = METRICS[study.metric]
    last = ended[metric.at("last").name]
    return {
        "seeds": len(ended),
        "diverged_runs": int((ended.status == "diverged").sum()),
        "failures": {status: int((runs.status == status).sum()) for status in FAILED},
        "mean": float(ended[metric.name].mean()),
        "sd": float(ended[metric.name].std(ddof=1)),
        "image_sem": float(image_sem(ended, metric.name).mean()),
        "last_mean": float(last.mean()),
        "last_sd": float(last.std(ddof=1)),
        "gain": float(ended[metric.gain.name].mean()),
        "parameters": float(ended["cost/parameters"].max()),
        "flops": float(ended["cost/flops"].max()),
        # a diverged run may have stopped early
        "seconds": float((finished if len(finished) else ended)["cost/train_seconds"].min()),
    }


def image_sem(runs: pd.DataFrame, metric: str) -> pd.Series[float]:
    """Each run's standard error over the test images, in the metric's unit (by the delta method for decibels)."""
    if metric == "test/mse":
        return runs["test/mse_sem"]
    if metric in ("test/psnr", "test/gain"):
        return 10 / math.log(10) * runs["test/mse_sem"] / runs["test/mse"]
    return runs["test/mse_sem"] * math.nan
