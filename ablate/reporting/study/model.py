"""What a page says, computed apart from how it looks and how it is put into words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ablate.metrics import METRICS, Metric
from ablate.records.record import ENDED, FAILED
from ablate.records.requests import RunStatus
from ablate.records.tables import by_seed, read_course, read_scores, with_all_metrics
from ablate.reporting.origins import mixed, provenance
from ablate.reporting.study.data import Data
from ablate.reporting.study.grids import GridFacts, grid_facts
from ablate.statistics.course import Course, End, compare_all
from ablate.statistics.evidence import Evidence, weigh_claims
from ablate.statistics.power import SeedsNeeded, seeds_needed
from ablate.statistics.scores import Scores
from ablate.statistics.sensitivity import Sensitivity, sensitivity
from ablate.statistics.verdicts import Comparison, bad_seed_bound
from ablate.strategies.choices import ArmTuning
from ablate.studies.designs import Arm
from ablate.studies.planning import Design
from ablate.studies.study import Study

UNSCORED = "unscored"
"""What became of a run that has ended, but was recorded before the metric existed by which it should be judged."""


@dataclass(frozen=True)
class ArmRow:
    """One arm's numbers; NaN where no run has ended, `comparison` and `decibels` are None for a reference.

    Attributes:
        seeds: runs that have ended, of which `diverged` diverged.
        broken: runs without a score, by how they broke: `failed`, `timed out`.
        mean, sd: of the score over the seeds.
        image_sem: a run's standard error over the test images, in the metric's unit; NaN where that is not known.
        last_mean, last_sd: of the score of the last epoch's weights.
        gain: mean gain in dB over doing nothing.
        decibels: the same comparison in dB, whatever metric decides.
        needed: seeds that would decide what is undecided.
        history: the comparison at each look that the arm took part in, and `end`, why it took part in no further one:
            None for a reference, and as long as it goes on.
        parameters, flops: of the network, and of one image through it.
        seconds: of training, of the fastest run: other work on the machine only slows runs down.
    """

    name: str
    against: str | None
    seeds: int
    diverged: int
    broken: dict[str, int]
    mean: float
    sd: float
    image_sem: float
    last_mean: float
    last_sd: float
    gain: float
    comparison: Comparison | None
    decibels: Comparison | None
    needed: SeedsNeeded | None
    history: list[Comparison]
    end: End | None
    parameters: float
    flops: float
    seconds: float

    @property
    def failed(self) -> int:
        """All that broke."""
        return sum(self.broken.values())

    @property
    def outcomes(self) -> str:
        """How many runs did not end as they should: `1 diverged, 2 failed`."""
        counts = {"diverged": self.diverged, **self.broken}
        return ", ".join(f"{count} {status}" for status, count in counts.items() if count)


@dataclass(frozen=True)
class Page:
    """All that a report says of a study.

    Attributes:
        design: the study, resolved; `rows` are in the order of its arms.
        data: what all of it is computed from.
        scores: of each run, seeds x arms; `diverged`: whether it did; `sems`: the scores' standard errors over the test
            images, in the metric's unit.
        nothing, zero: what doing nothing and answering zero score; NaN where arms differ in the task.
        course: at which look each pair of arms was judged, and why it went no further.
        used: the ids of the runs that the verdicts rest on; `unused` names others, that turned out not to be needed.
        missing: runs without a result, for which verdicts wait.
        divergences: each diverged run, and how.
        warnings: what a reader must know before believing any of it.
        comparisons: pairs of arms that are compared, by the study or by its claims.
        level: confidence of each interval, so that all hold together.
        bad_seed_bound: highest rate of bad seeds that an arm without any leaves possible.
        tuning: what each arm chose before, where arms are tuned; all else is given these settings.
    """

    design: Design
    data: Data
    metric: Metric
    rows: list[ArmRow]
    scores: pd.DataFrame
    diverged: pd.DataFrame
    sems: pd.DataFrame
    nothing: float
    zero: float
    course: Course
    used: frozenset[str]
    unused: list[RunStatus]
    missing: list[RunStatus]
    divergences: list[str]
    warnings: list[str]
    comparisons: int
    level: float
    claims: list[Evidence]
    sensitivity: list[Sensitivity]
    grid: GridFacts | None
    bad_seed_bound: float
    provenance: dict[str, str]
    train_hours: float
    tuning: list[ArmTuning]

    @property
    def planned(self) -> int:
        """Runs of the fixed design with as many seeds: what the looks may need at most."""
        return len(self.design.arms) * len(self.design.seeds)

    @property
    def study(self) -> Study:
        """The study as its file states it."""
        return self.design.study

    @property
    def compared(self) -> list[tuple[ArmRow, Comparison]]:
        """The arms that have a reference, each with its comparison."""
        return [(row, row.comparison) for row in self.rows if row.comparison]


def build(design: Design, data: Data) -> Page:
    """Compute a page from its data and its study."""
    metric, course, table = design.metric, read_course(design, data.runs), with_all_metrics(data.runs)
    needed = np.array([course.needs(cell.arm.name, cell.seed) for cell in design.cells])  # a row each
    runs, spare = table[needed], table[~needed]
    scores = read_scores(design, runs)
    ended = runs[runs.status.isin(ENDED)]
    rows = _arm_rows(design, course, scores, runs)
    clean = min((row.seeds for row in rows if not row.diverged), default=0)
    return Page(
        design=design,
        data=data,
        metric=metric,
        rows=rows,
        scores=scores.values,
        diverged=scores.diverged,
        sems=by_seed(design, runs.assign(sem=_image_sem(runs, metric.name)), "sem"),
        nothing=_baseline(ended, "nothing", metric),
        zero=_baseline(ended, "zero", metric),
        course=course,
        used=frozenset(runs.run),
        unused=_run_statuses(spare[spare.status != "absent"]),
        missing=_missing(runs, metric),
        divergences=_divergences(ended[ended.status == "diverged"]),
        warnings=[*_looks(data), *mixed(ended, design.against)],
        comparisons=scores.comparisons,
        level=design.family.level,
        claims=weigh_claims(design.claims, course, scores),
        sensitivity=read_sensitivity(design, course, data.runs),
        grid=grid_facts(design, scores.at(design.looks[0])),
        bad_seed_bound=bad_seed_bound(0, clean),
        provenance=provenance(ended),
        train_hours=float(ended["cost/train_seconds"].sum()) / 3600,
        tuning=data.tuning,
    )


def _arm_rows(design: Design, course: Course, scores: Scores, runs: pd.DataFrame) -> list[ArmRow]:
    study, level = design.study, design.family.level
    compared = compare_all(course, scores, design.against)
    decibels = compare_all(course, read_scores(design, runs, design.metric.gain), design.against)

    def row(arm: Arm) -> ArmRow:
        own = runs[runs.arm == arm.name]
        history = course.history(scores, arm.name, arm.against) if arm.against else []
        comparison = compared.get(arm.name)
        return ArmRow(
            name=arm.name,
            against=arm.against,
            comparison=comparison,
            decibels=decibels.get(arm.name),
            needed=seeds_needed(comparison, study.margin, level) if comparison else None,
            history=history,
            end=course.end(arm.name, arm.against) if arm.against else None,
            **_own_facts(study, own),
        )

    return [row(arm) for arm in design.arms]


def _own_facts(study: Study, runs: pd.DataFrame) -> dict[str, Any]:
    """What `ArmRow` says of an arm by its own runs alone."""
    ended, whole = runs[runs.status.isin(ENDED)], runs[runs.status == "finished"]
    metric = METRICS[study.metric]
    last = ended[metric.at("last").name]
    return {
        "seeds": len(ended),
        "diverged": int((ended.status == "diverged").sum()),
        "broken": {status: int((runs.status == status).sum()) for status in FAILED},
        "mean": float(ended[metric.name].mean()),
        "sd": float(ended[metric.name].std(ddof=1)),
        "image_sem": float(_image_sem(ended, metric.name).mean()),
        "last_mean": float(last.mean()),
        "last_sd": float(last.std(ddof=1)),
        "gain": float(ended[metric.gain.name].mean()),
        "parameters": float(ended["cost/parameters"].max()),
        "flops": float(ended["cost/flops"].max()),
        "seconds": float((whole if len(whole) else ended)["cost/train_seconds"].min()),
    }


def _divergences(runs: pd.DataFrame) -> list[str]:
    """In the epoch whose loss was not finite, or by what it scored in the end."""
    epochs = runs.get("diverged/epoch", pd.Series(math.nan, runs.index))
    facts = zip(runs.arm, runs.seed, epochs, strict=True)
    return [
        f"{arm} seed {seed} ({'worse than answering zero' if math.isnan(epoch) else f'in epoch {epoch:.0f}'})"
        for arm, seed, epoch in facts
    ]


def _looks(data: Data) -> list[str]:
    """What has to be said where seeds were changed after a report was there to be read."""
    if not data.looks:
        return []
    seen = " and ".join(f"with seeds {', '.join(map(str, seeds))}" for seeds in data.looks)
    return [
        f"Seeds, or when to look at them, were changed after a report was written ({seen}): an uncorrected look, with "
        "which a verdict is wrong in 14 to 20% of studies instead of 5%."
    ]


def read_sensitivity(design: Design, course: Course, runs: pd.DataFrame) -> list[Sensitivity]:
    """The verdicts by other choices; the study's own weights are those of the best epoch, or of the last."""
    metric = design.metric
    name, kind = {"test": ("last epoch", "last"), "last": ("best epoch", "test")}[metric.kind]
    others = {name: read_scores(design, runs, metric.at(kind))}
    scores = read_scores(design, runs)
    return sensitivity(course, scores, design.against, others, in_decibels=metric.unit == "dB")


def _image_sem(runs: pd.DataFrame, metric: str) -> pd.Series[float]:
    """Each run's standard error over the test images, in the metric's unit (by the delta method for decibels)."""
    if metric == "test/mse":
        return runs["test/mse_sem"]
    if metric in ("test/psnr", "test/gain"):
        return 10 / math.log(10) * runs["test/mse_sem"] / runs["test/mse"]
    return runs["test/mse_sem"] * math.nan


def _baseline(ended: pd.DataFrame, kind: str, metric: Metric) -> float:
    """A baseline's score, if it is the same for all runs: NaN where arms differ in the task."""
    values = ended[metric.at(kind).name]
    return float(values.iloc[0]) if len(values) and np.allclose(values, values.iloc[0]) else math.nan


def _missing(runs: pd.DataFrame, metric: Metric) -> list[RunStatus]:
    """The runs for which verdicts wait: those that have not ended, and those that ended before the metric existed."""
    ended = runs.status.isin(ENDED)
    unscored = ended & runs[metric.name].isna()
    named = runs.assign(
        status=runs.status.where(~unscored, UNSCORED),
        error=runs.error.where(~unscored, f"recorded without {metric.name}"),
    )
    return _run_statuses(named[unscored | ~ended])


def _run_statuses(runs: pd.DataFrame) -> list[RunStatus]:
    facts = runs[["run", "arm", "seed", "status", "error"]].fillna("")
    return [RunStatus(*fact) for fact in facts.itertuples(index=False)]
