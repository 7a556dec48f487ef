"""The files that MLflow gets of a run that has ended. A new one is a function here and its entry in `ARTEFACTS`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.records.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

Content = Mapping[str, "Path | Figure"]
"""By the name of the artefact: a file of the record, or a figure."""

KEPT = ("run.json", "epochs.json", "result.json", "weights.safetensors")


def record_files(record: Record, run_id: str) -> Content:
    """The files from which the run can be used again."""
    folder = record.folder(run_id)
    return {name: folder / name for name in KEPT if (folder / name).exists()}


def learning_curves(record: Record, run_id: str) -> Content:
    """Loss and validation score by epoch."""
    from ablate.pictures import curves_picture

    rows = record.epochs(run_id)
    return {"curves.png": curves_picture(rows)} if rows else {}


def sample_images(record: Record, run_id: str) -> Content:
    """Some test scenes and what the network makes of them; nothing for adopted runs, and where the loss diverged."""
    from ablate.pictures import sample_picture

    arrays = record.arrays(run_id)
    return {"sample.png": sample_picture(arrays)} if arrays else {}


ARTEFACTS: tuple[Callable[[Record, str], Content], ...] = (record_files, learning_curves, sample_images)


def send_artefacts(client: MlflowClient, mlflow_id: str, record: Record, run_id: str) -> None:
    """Log every artefact of a run.

    Raises:
        Exception: MLflow's, if it refuses one.
    """
    for make in ARTEFACTS:
        for name, content in make(record, run_id).items():
            if isinstance(content, Path):
                client.log_artifact(mlflow_id, str(content))
            else:
                client.log_figure(mlflow_id, content, name)
