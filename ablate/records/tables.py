"""Recorded runs as tidy tables, one row per run or epoch, and from these the input of the statistics: seeds x arms."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.metrics import EPOCH_METRICS, METRICS, RESULT_METRICS, SCORES, STUDY_METRICS, Metric
from ablate.project import STATE, find_project
from ablate.records.judged import replace_diverged_scores
from ablate.records.record import ENDED, MISSING, PENDING, Record
from ablate.statistics.course import Course, follow
from ablate.statistics.scores import Scores
from ablate.studies.loading import study_of
from ablate.studies.plan import Plan
from ablate.studies.planning import Cell, Design

if TYPE_CHECKING:
    import pandas as pd


def load_results(study: Design | str | Path, record: Record | None = None) -> pd.DataFrame:
    """One row per run that a study requests, in the order of its cells.

    Args:
        study: a study, or the path of its file.
        record: where to read; by default the record of the current folder's project (`ablate.project`).

    Columns: arm, seed, run (its id), status (`absent`, `unfinished`, `lost`, `failed`, `timed out`, `set aside`,
    `finished`, `diverged`), error, began, ended (Unix seconds), every result metric by its name (NaN if the run does
    not have it), and the environment that trained it as `env/...`. Once runs have ended, a score that none of them has
    is left out: they were trained before it existed. A diverged run is scored as if its network always returned zero;
    the standard error of that score over the test images is not known.

    Raises:
        AblateError: anything is wrong with the file (`load_study`), or the arms are not tuned yet (`tuned`).

    Examples:
        >>> import ablate
        >>> ablate.load_results("tiny.yaml")[["arm", "seed", "status"]]
               arm  seed    status
        0     with     0  finished
        1     with     1  finished
        2  without     0  finished
        3  without     1  finished
    """
    import pandas as pd

    record = record or Record(find_project() / STATE)
    rows = [_row(cell, record) for cell in study_of(study).cells]
    names = ["arm", "seed", "run", "status", "error", "began", "ended", *(metric.name for metric in RESULT_METRICS)]
    frame = pd.DataFrame(rows)
    found = frame.reindex(columns=names + [name for name in frame.columns if name not in names])
    found["error"] = found["error"].astype(object)  # text, also if no run has failed
    return found.drop(columns=_missing_scores(found))


def with_all_metrics(runs: pd.DataFrame) -> pd.DataFrame:
    """Add a column of NaN for each result metric that a table of runs does not have."""
    missing = [metric.name for metric in RESULT_METRICS if metric.name not in runs.columns]
    return runs.reindex(columns=[*runs.columns, *missing])


def _missing_scores(runs: pd.DataFrame) -> list[str]:
    """The names of the scores that no run has; empty until a run has ended, since until then nothing is missing."""
    if not runs.status.isin(ENDED).any():
        return []
    return [metric.name for metric in RESULT_METRICS if metric.score in SCORES and runs[metric.name].isna().all()]


def _row(cell: Cell, record: Record) -> dict[str, Any]:
    run = cell.run.id
    status = record.status(run)
    row: dict[str, Any] = {"arm": cell.arm.name, "seed": cell.seed, "run": run, "status": status}
    if status in MISSING and (failure := record.failure(run)):
        row["error"] = failure.reason
    if result := record.result(run):
        row |= {"began": record.start_time(run), "ended": result.ended} | replace_diverged_scores(
            status, result.results
        )
        row |= {f"env/{name}": str(value) for name, value in result.environment.items()}
    return row


def load_epochs(study: Design | str | Path, record: Record | None = None) -> pd.DataFrame:
    """One row per epoch of each recorded run: arm, seed, run, epoch, time, and every epoch metric that some run has.

    The study and the record are those of `load_results`, and so are the errors.

    Examples:
        >>> import ablate
        >>> epochs = ablate.load_epochs("tiny.yaml")
        >>> epochs.groupby("arm")["epoch"].max().to_dict()
        {'with': 2, 'without': 2}
    """
    import pandas as pd

    record = record or Record(find_project() / STATE)
    rows = [
        {"arm": cell.arm.name, "seed": cell.seed, "run": cell.run.id, **epoch}
        for cell in study_of(study).cells
        for epoch in record.epochs(cell.run.id)
    ]
    if not rows:
        return pd.DataFrame(columns=["arm", "seed", "run", "epoch"])
    frame = pd.DataFrame(rows).astype({"epoch": int})
    names = ["arm", "seed", "run", "epoch", "time", *(metric.name for metric in EPOCH_METRICS)]
    known = [name for name in names if name in frame.columns]  # in a fixed order, whichever run comes first
    return frame[known + [name for name in frame.columns if name not in names]]


def by_seed(plan: Plan, runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column of a table of runs as seeds x arms, in the study's order; NaN for runs that are not in the table."""
    names = [arm.name for arm in plan.arms]
    found = runs.reindex(columns=["seed", "arm", column])
    return found.pivot(index="seed", columns="arm", values=column).reindex(index=list(plan.seeds), columns=names)


def count_failed_runs(plan: Plan, runs: pd.DataFrame) -> pd.DataFrame:
    """Score the failed runs of a study with `missing` as if their networks always returned zero; others are unchanged.

    What that scores is known from the runs of the same arm that have ended. A run that timed out, was lost, or was set
    aside because it could not be scored has not failed in this sense.
    """
    if not plan.missing:
        return runs
    failed = runs.status == "failed"
    if not failed.any():
        return runs
    names = [metric.name for metric in RESULT_METRICS if metric.kind in ("nothing", "zero") and metric.name in runs]
    known, counted = runs.groupby("arm")[names].transform("first")[failed], runs.copy()
    counted.loc[failed, names] = known
    for name in STUDY_METRICS:
        if (zero := METRICS[name].at("zero").name) in names:
            counted.loc[failed, name] = known[zero]
    return counted


def read_scores(plan: Plan, runs: pd.DataFrame, metric: Metric | None = None) -> Scores:
    """The scores in a table of runs (`load_results`), by the study's metric unless another is given."""
    metric, runs, status = metric or plan.metric, count_failed_runs(plan, runs), by_seed(plan, runs, "status")
    values = by_seed(plan, runs, metric.name)
    failed = status == "failed"
    counted = failed & values.notna()
    return Scores(
        values=values,
        bad=(status == "diverged") | (counted if metric.is_ours else failed) | _useless(plan, runs, metric),
        pending=status.isin(PENDING),
        sign=metric.sign,
        margin=plan.margin,
        comparisons=len(plan.pairs),
        lacking=counted | status.isin(MISSING) if plan.missing else None,
        missing=plan.missing,
    )


def _useless(plan: Plan, runs: pd.DataFrame, metric: Metric) -> pd.DataFrame:
    """Which runs have learned nothing (`judged.has_learned_nothing`), seeds x arms."""
    if not metric.is_ours:
        return by_seed(plan, runs, metric.name).isna() & False
    own, zero = (by_seed(plan, runs, name) for name in (f"{metric.kind}/psnr", "zero/psnr"))
    return own < zero


def read_course(plan: Plan, runs: pd.DataFrame) -> Course:
    """How far a study has come, according to a table of runs (`load_results`)."""
    seconds = by_seed(plan, runs, "cost/train_seconds") if plan.max_seconds else None
    return follow(plan.family, read_scores(plan, runs), seconds)
