"""The files that MLflow gets for each run that has ended. To add one, write a function and list it in `ARTEFACTS`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ablate.records.record import Record

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient

Artefact: TypeAlias = "Path | tuple[str, Figure]"
"""A file, sent under its own name, or a figure and its name."""

RUN_FILES = ("run.json", "epochs.json", "result.json", "weights.safetensors")


def record_files(record: Record, run_id: str) -> Iterator[Artefact]:
    """The recorded files from which the run can be used again."""
    paths = (record.folder(run_id) / name for name in RUN_FILES)
    yield from (path for path in paths if path.exists())


def learning_curves(record: Record, run_id: str) -> Iterator[Artefact]:
    """Loss and validation score by epoch."""
    from ablate.run_figures import curves_picture

    if rows := record.epochs(run_id):
        yield "curves.png", curves_picture(rows)


def sample_images(record: Record, run_id: str) -> Iterator[Artefact]:
    """Some test scenes and the network's outputs; nothing for adopted runs, or if the loss diverged."""
    from ablate.run_figures import sample_picture

    if arrays := record.arrays(run_id):
        yield "sample.png", sample_picture(arrays)


ARTEFACTS: tuple[Callable[[Record, str], Iterator[Artefact]], ...] = (record_files, learning_curves, sample_images)


def send_artefacts(client: MlflowClient, mlflow_id: str, record: Record, run_id: str) -> None:
    """Log every artefact of a run.

    Raises:
        Exception: MLflow's own, if it refuses one.
    """
    for make_artefacts in ARTEFACTS:
        for artefact in make_artefacts(record, run_id):
            if isinstance(artefact, Path):
                client.log_artifact(mlflow_id, str(artefact))
            else:
                name, figure = artefact
                client.log_figure(mlflow_id, figure, name)
