"""Recorded runs as tidy tables, one row per run or per epoch, and what statistics take from them: seeds x arms."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ablate.metrics import EPOCH_METRICS, JUDGED, METRICS, RESULT_METRICS, SCORES, Metric
from ablate.records.record import ENDED, FAILED, PENDING, Record
from ablate.statistics.course import Course, follow
from ablate.statistics.scores import Scores
from ablate.studies.planning import Cell, Design

if TYPE_CHECKING:
    import pandas as pd


def load_results(design: Design, record: Record | None = None) -> pd.DataFrame:
    """One row per run that a study asks for, in the order of its cells.

    Columns: arm, seed, run (its id), status (`absent`, `unfinished`, `failed`, `timed out`, `finished`, `diverged`),
    error, began, ended (Unix seconds), every result metric by its name (NaN where there is none), and `env/...`, what
    trained it. Once runs have ended, a score that none of them has is left out: they were trained before it existed.
    A diverged run scores what answering zero does, whose standard error over the test images is not known.

    Examples:
        >>> import ablate
        >>> study = ablate.load_study("tiny.yaml")
        >>> ablate.load_results(study)[["arm", "seed", "status"]]
               arm  seed    status
        0     with     0  finished
        1     with     1  finished
        2  without     0  finished
        3  without     1  finished
    """
    import pandas as pd

    record = record or Record()
    rows = [_row(cell, record) for cell in design.cells]
    names = ["arm", "seed", "run", "status", "error", "began", "ended", *(metric.name for metric in RESULT_METRICS)]
    frame = pd.DataFrame(rows)
    found = frame.reindex(columns=names + [name for name in frame.columns if name not in names])
    return found.drop(columns=_unknown_scores(found))


def with_all_metrics(runs: pd.DataFrame) -> pd.DataFrame:
    """A table of runs with a column for every result metric, NaN where the table does not have it."""
    missing = [metric.name for metric in RESULT_METRICS if metric.name not in runs.columns]
    return runs.reindex(columns=[*runs.columns, *missing])


def _unknown_scores(runs: pd.DataFrame) -> list[str]:
    """The names of the scores that no run has; none as long as no run has ended, since the first may have them all."""
    if not runs.status.isin(ENDED).any():
        return []
    return [metric.name for metric in RESULT_METRICS if metric.score in SCORES and runs[metric.name].isna().all()]


def _row(cell: Cell, record: Record) -> dict[str, Any]:
    run = cell.run.id
    status = record.status(run)
    row: dict[str, Any] = {"arm": cell.arm.name, "seed": cell.seed, "run": run, "status": status}
    if status in FAILED and (failure := record.failure(run)):
        row["error"] = failure.reason
    if result := record.result(run):
        row |= {"began": record.began(run), "ended": result.ended} | scored(status, result.results)
        row |= {f"env/{name}": str(value) for name, value in result.environment.items()}
    return row


def scored(status: str, results: dict[str, float]) -> dict[str, float]:
    """The results by which a run is judged: a diverged one's scores are those of answering zero.

    Its own `test/mse_sem` is dropped: it belongs to the score that was replaced.
    """
    if status != "diverged":
        return results
    zero = {name: results.get(METRICS[name].at("zero").name, math.nan) for name in JUDGED}
    return results | zero | {"test/mse_sem": math.nan}


def load_epochs(design: Design, record: Record | None = None) -> pd.DataFrame:
    """One row per epoch of each recorded run: arm, seed, run, epoch, time, and every epoch metric that a run has.

    Examples:
        >>> import ablate
        >>> epochs = ablate.load_epochs(ablate.load_study("tiny.yaml"))
        >>> epochs.groupby("arm")["epoch"].max().to_dict()
        {'with': 2, 'without': 2}
    """
    import pandas as pd

    record = record or Record()
    rows = [
        {"arm": cell.arm.name, "seed": cell.seed, "run": cell.run.id, **epoch}
        for cell in design.cells
        for epoch in record.epochs(cell.run.id)
    ]
    if not rows:
        return pd.DataFrame(columns=["arm", "seed", "run", "epoch"])
    frame = pd.DataFrame(rows).astype({"epoch": int})
    names = ["arm", "seed", "run", "epoch", "time", *(metric.name for metric in EPOCH_METRICS)]
    known = [name for name in names if name in frame.columns]  # not in the order in which runs happen to have them
    return frame[known + [name for name in frame.columns if name not in names]]


def by_seed(design: Design, runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column of a table of runs, as seeds x arms in the study's order; NaN where the table does not have it."""
    names = [arm.name for arm in design.arms]
    found = runs.reindex(columns=["seed", "arm", column])
    return found.pivot(index="seed", columns="arm", values=column).reindex(index=list(design.seeds), columns=names)


def read_scores(design: Design, runs: pd.DataFrame, metric: Metric | None = None) -> Scores:
    """The scores in a table of runs (`load_results`), by the study's metric or another."""
    metric, status = metric or design.metric, by_seed(design, runs, "status")
    return Scores(
        values=by_seed(design, runs, metric.name),
        diverged=status == "diverged",
        pending=status.isin(PENDING),
        sign=metric.sign,
        margin=design.study.margin,
        comparisons=len(design.pairs),
    )


def read_course(design: Design, runs: pd.DataFrame) -> Course:
    """How far a study has come, as far as a table of runs (`load_results`) says."""
    seconds = by_seed(design, runs, "cost/train_seconds") if design.study.budget else None
    return follow(design.family, read_scores(design, runs), seconds)
