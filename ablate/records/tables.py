"""Recorded runs as tidy tables: one row per run, one row per epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ablate.metrics import JUDGED, METRICS, RESULT_METRICS
from ablate.records.record import BROKEN, Record
from ablate.studies.planning import Cell, cells
from ablate.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd


def load_results(study: Study, record: Record | None = None) -> pd.DataFrame:
    """One row per run that the study asks for, in the order of its cells.

    Columns: arm, seed, run (its id), status (`absent`, `unfinished`, `failed`, `timed out`, `finished`, `diverged`),
    error, began, ended (Unix seconds), every result metric by its name (NaN where there is none), and `env/...`, what
    trained it.
    A diverged run scores what answering zero does, whose standard error over the test images is not known.
    """
    import pandas as pd

    record = record or Record()
    rows = [_row(cell, record) for cell in cells(study)]
    names = ["arm", "seed", "run", "status", "error", "began", "ended", *(metric.name for metric in RESULT_METRICS)]
    frame = pd.DataFrame(rows)
    return frame.reindex(columns=names + [name for name in frame.columns if name not in names])


def _row(cell: Cell, record: Record) -> dict[str, Any]:
    run = cell.run.id
    status = record.status(run)
    row: dict[str, Any] = {"arm": cell.arm.name, "seed": cell.seed, "run": run, "status": status}
    if status in BROKEN:
        row["error"] = record.failure(run)["reason"]
    if record.ended(run):
        result = record.result(run)
        row |= {"began": record.began(run), "ended": result["ended"]} | scored(status, result["results"])
        row |= {f"env/{name}": str(value) for name, value in result["environment"].items()}
    return row


def scored(status: str, results: dict[str, float]) -> dict[str, float]:
    """The results by which a run is judged: a diverged one's scores are those of answering zero.

    Its own `test/mse_sem` is dropped: it belongs to the score that was replaced.
    """
    if status != "diverged":
        return results
    zero = {name: results.get(METRICS[name].at("zero").name, math.nan) for name in JUDGED}
    return results | zero | {"test/mse_sem": math.nan}


def load_epochs(study: Study, record: Record | None = None) -> pd.DataFrame:
    """One row per epoch of each recorded run: arm, seed, run, epoch, time, and every epoch metric by its name."""
    import pandas as pd

    record = record or Record()
    rows = [
        {"arm": cell.arm.name, "seed": cell.seed, "run": cell.run.id, **epoch}
        for cell in cells(study)
        for epoch in record.epochs(cell.run.id)
    ]
    return pd.DataFrame(rows).astype({"epoch": int}) if rows else pd.DataFrame(columns=["arm", "seed", "run", "epoch"])
