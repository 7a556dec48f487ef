"""What a page says, computed without regard to its layout and its wording."""

from __future__ import annotations

import math
import os
import shlex
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ablate.metrics import Metric
from ablate.records.record import ENDED
from ablate.records.requests import RunStatus
from ablate.records.tables import by_seed, count_failed_runs, read_course, read_scores, with_all_metrics
from ablate.reporting.markup.words import join_words, quote_name
from ablate.reporting.origins import environment_warnings, provenance
from ablate.reporting.study.arms import ArmRow, arm_rows, image_sem
from ablate.reporting.study.data import Data
from ablate.reporting.study.diagnostics import Diagnosis, diagnose
from ablate.reporting.study.earlier_looks import uncorrected_error
from ablate.reporting.study.grids import GridFacts, grid_facts
from ablate.reporting.study.image_errors import mean_errors
from ablate.reporting.study.verified import REFUTED
from ablate.statistics.course import Course
from ablate.statistics.evidence import Evidence, weigh_claims
from ablate.statistics.rates import SeedRate, seed_rate
from ablate.statistics.scores import Scores
from ablate.statistics.sensitivity import Sensitivity, sensitivity
from ablate.statistics.verdicts import Comparison
from ablate.strategies.choices import ArmTuning
from ablate.studies.plan import Plan, Seed
from ablate.studies.planning import Design

UNSCORED = "unscored"
"""The status of a run that has ended, but was recorded before the study's metric existed."""


@dataclass(frozen=True)
class Page:
    """The content of a study's report.

    Attributes:
        design: what is compared, a study (`study`) or a table of scores; `rows` are in the order of its arms.
        data: the tables and scenes from which all else is computed.
        scores: of each run, seeds x arms.
        diverged, useless: whether each run diverged, and whether it has learned nothing, seeds x arms.
        image_sems: the scores' standard errors over the test images, in the metric's unit, seeds x arms.
        difference_errors: the standard error over the test images of each arm's difference from its reference, by arm,
            in the metric's unit; NaN where unknown, and empty if all are.
        nothing_score, zero_score: of doing nothing and of a constant prediction; NaN where arms differ in the task.
        course: at which look each pair of arms was judged, and why no further look followed.
        used_runs: the ids of the runs on which the verdicts rest.
        unused_runs: others, which were trained but turned out not to be needed.
        missing_runs: runs without a score, for which verdicts wait.
        left_out: runs that are missing for good, and that the study allows its verdicts to do without (`missing`).
        divergences: each diverged run, and in which epoch.
        diagnosis: what is unusual about the seeds.
        warnings: what readers must know before they believe the rest.
        comparisons: how many pairs of arms are compared, by the study and by its claims.
        level: confidence of each interval, chosen so that all hold jointly.
        bad_seeds: the seeds with a bad run in any arm, and the seeds of which every arm has a run, with the bound on
            the rate of bad ones.
        train_seconds: training time of all runs together.
        tuning: the settings that each arm chose, where arms are tuned; all else holds for these settings.
    """

    design: Plan
    data: Data
    metric: Metric
    rows: list[ArmRow]
    scores: pd.DataFrame
    diverged: pd.DataFrame
    useless: pd.DataFrame
    image_sems: pd.DataFrame
    difference_errors: dict[str, float]
    nothing_score: float
    zero_score: float
    course: Course
    used_runs: frozenset[str]
    unused_runs: list[RunStatus]
    missing_runs: list[RunStatus]
    left_out: list[RunStatus]
    divergences: list[str]
    diagnosis: Diagnosis
    warnings: list[str]
    comparisons: int
    level: float
    claims: list[Evidence]
    sensitivity: list[Sensitivity]
    grid: GridFacts | None
    bad_seeds: SeedRate
    provenance: dict[str, str]
    train_seconds: float
    tuning: list[ArmTuning]

    @property
    def has_study(self) -> bool:
        """Whether the runs are those of a study, rather than the rows of a table."""
        return isinstance(self.design, Design)

    @property
    def study(self) -> Design:
        """The study, for what is about its training; a table of scores has none."""
        assert isinstance(self.design, Design), "nothing is known about how the runs of a table were trained"
        return self.design

    @property
    def max_runs(self) -> int:
        """The runs with all seeds for every arm: the most that looks can need."""
        return len(self.design.arms) * len(self.design.seeds)

    @property
    def compared_arms(self) -> list[tuple[ArmRow, Comparison]]:
        """The arms that have a reference, each with its comparison."""
        return [(row, row.comparison) for row in self.rows if row.comparison]


def build(design: Plan, data: Data) -> Page:
    """Compute a page from its data and its study."""
    metric, course, table = design.metric, read_course(design, data.runs), with_all_metrics(data.runs)
    needed = np.array([course.needs(arm, seed) for arm, seed in zip(table.arm, table.seed, strict=True)])
    runs, spare = count_failed_runs(design, table[needed]), table[~needed]
    scores = read_scores(design, runs)
    ended, missing = runs[runs.status.isin(ENDED)], _missing_runs(runs, metric)
    excused = _find_excused(design, course, scores)
    rows = arm_rows(design, course, scores, runs, data.epochs)
    return Page(
        design=design,
        data=data,
        metric=metric,
        rows=rows,
        scores=scores.values,
        diverged=(diverged := by_seed(design, runs, "status") == "diverged"),
        useless=scores.bad & ~diverged & (by_seed(design, runs, "status") != "failed"),
        image_sems=by_seed(design, runs.assign(sem=image_sem(runs, metric.name)), "sem"),
        difference_errors=mean_errors(data.image_errors, course, design.against),
        nothing_score=_baseline(ended, "nothing", metric),
        zero_score=_baseline(ended, "zero", metric),
        course=course,
        used_runs=frozenset(runs.run),
        unused_runs=_run_statuses(spare[spare.status != "absent"]),
        missing_runs=[run for run in missing if (run.arm, run.seed) not in excused],
        left_out=[run for run in missing if (run.arm, run.seed) in excused],
        divergences=_divergences(ended[ended.status == "diverged"]),
        diagnosis=diagnose(course, scores, design.against),
        warnings=[*_look_warnings(data), *_refuted_warnings(data), *environment_warnings(ended, design.against)],
        comparisons=scores.comparisons,
        level=design.family.level,
        claims=weigh_claims(design.claims, course, scores),
        sensitivity=read_sensitivity(design, course, data.runs),
        grid=grid_facts(design, scores.at(design.looks[0])),
        bad_seeds=seed_rate(scores.bad, scores.values.notna()),
        provenance=provenance(ended),
        train_seconds=float(ended["cost/train_seconds"].sum()),
        tuning=data.tuning,
    )


def command(page: Page, name: str, *options: str) -> str:
    """What a user types in the folder of the project, which is the current one: `ablate report heads.yaml --latex`."""
    file = page.study.file
    return shlex.join(["ablate", name, Path(os.path.relpath(file)).as_posix() if file else "STUDY", *options])


def constant_prediction(design: Design) -> str:
    """The output of a network that has learned nothing, in words."""
    return join_words(list(dict.fromkeys(arm.settings.data.constant_prediction for arm in design.arms)), "or")


def _divergences(runs: pd.DataFrame) -> list[str]:
    """Each run with the epoch whose loss was not finite; without one, its score was not, or an old record had none."""
    epochs = runs.get("diverged/epoch", pd.Series(math.nan, runs.index))
    how = ["no finite score" if math.isnan(epoch) else f"in epoch {epoch:.0f}" for epoch in epochs]
    return [f"{quote_name(arm)} seed {seed} ({text})" for arm, seed, text in zip(runs.arm, runs.seed, how, strict=True)]


def _look_warnings(data: Data) -> list[str]:
    """A warning if seeds were changed after a report could be read."""
    if not data.looks:
        return []
    looks = join_words([f"with seeds {', '.join(map(str, seeds))}" for seeds in data.looks])
    return [
        f"The seeds, or when to look at them, were changed after a report had been written ({looks}). Looking and then "
        f"adding seeds is an uncorrected look: a verdict is then wrong in {uncorrected_error(len(data.looks))} of "
        "studies instead of 5% (benchmarks/further_looks.md)."
    ]


def _refuted_warnings(data: Data) -> list[str]:
    """A warning if a run had another result when it was trained again."""
    refuted = [f"{quote_name(it.arm)} seed {it.seed} ({it.reason})" for it in data.verified if it.outcome == REFUTED]
    return [f"Trained again, these runs had another result: {'; '.join(refuted)}."] if refuted else []


def read_sensitivity(design: Plan, course: Course, runs: pd.DataFrame) -> list[Sensitivity]:
    """The verdicts by other choices: among others by the weights of the last epoch, or of the best if that is usual."""
    metric = design.metric
    kinds = {"test": ("last epoch", "last"), "last": ("best epoch", "test")} if metric.is_ours else {}
    others = {
        name: read_scores(design, runs, metric.at(kind)) for own, (name, kind) in kinds.items() if own == metric.kind
    }
    scores = read_scores(design, runs)
    return sensitivity(course, scores, design.against, others, in_decibels=metric.is_ours and metric.unit == "dB")


def _baseline(ended: pd.DataFrame, kind: str, metric: Metric) -> float:
    """A baseline's score if it is the same for all runs; NaN where arms differ in the task."""
    if not metric.is_ours:
        return math.nan
    values = ended[metric.at(kind).name]
    return float(values.iloc[0]) if len(values) and np.allclose(values, values.iloc[0]) else math.nan


def _missing_runs(runs: pd.DataFrame, metric: Metric) -> list[RunStatus]:
    """The runs for which verdicts wait: those that have not ended, and those that ended before the metric existed."""
    ended = runs.status.isin(ENDED)
    unscored = ended & runs[metric.name].isna()
    explained = runs.assign(
        status=runs.status.where(~unscored, UNSCORED),
        error=runs.error.where(~unscored, f"recorded without {metric.name}"),
    )
    return _run_statuses(explained[unscored | ~ended])


def _find_excused(design: Plan, course: Course, scores: Scores) -> set[tuple[str, Seed]]:
    """The arms and seeds of the runs that are missing for good, but for which no comparison waits."""
    if scores.lacking is None:
        return set()
    lacking = scores.lacking
    waiting = set()
    for arm, against in design.pairs:
        seen = lacking.iloc[: course.look(arm, against).seeds]
        if (seen[arm] | seen[against]).sum() > scores.missing:
            waiting |= {arm, against}
    names = [arm.name for arm in design.arms if arm.name not in waiting]
    return {(arm, seed) for arm in names for seed in design.seeds if lacking.at[seed, arm]}


def _run_statuses(runs: pd.DataFrame) -> list[RunStatus]:
    facts = runs[["run", "arm", "seed", "status", "error"]].fillna("")
    return [RunStatus(*fact) for fact in facts.itertuples(index=False)]
