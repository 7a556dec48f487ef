"""The files that MLflow gets for each run that has ended. To add one, write a function and list it in `ARTEFACTS`."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, TypeAlias

from ablate.records.parts import part_paths
from ablate.records.record import Record

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from PIL.Image import Image

Artefact: TypeAlias = "Path | tuple[str, Image]"
"""A file, sent under its own name, or an image and its name."""

RUN_FILES = ("run.json", "epochs.json", "result.json", "weights.safetensors", "arrays.safetensors")
"""What the record has of a run that has ended, but for the user's own parts, so that another record can adopt it."""


def record_files(record: Record, run_id: str) -> Iterator[Artefact]:
    """The recorded files, from which the run can be used again, here or elsewhere."""
    paths = (record.folder(run_id) / name for name in RUN_FILES)
    yield from (path for path in paths if path.exists())


def sample_images(record: Record, run_id: str) -> Iterator[Artefact]:
    """Some test scenes and the network's outputs; nothing for adopted runs, or if the loss diverged."""
    from ablate.tracking.sample_picture import sample_picture

    if arrays := record.arrays(run_id):
        yield "sample.png", sample_picture(arrays)


def own_parts(record: Record, run_id: str) -> Iterator[Artefact]:
    """The files of the user's own parts that trained the run."""
    yield from part_paths(record.folder(run_id))


ARTEFACTS: tuple[Callable[[Record, str], Iterator[Artefact]], ...] = (record_files, own_parts, sample_images)


def artefact_kinds() -> list[str]:
    """What is sent of a run: if it changes, the files of earlier runs are sent again."""
    return [*RUN_FILES, *(make.__name__ for make in ARTEFACTS)]


def send_artefacts(client: MlflowClient, mlflow_id: str, record: Record, run_id: str) -> list[str]:
    """Log every artefact of a run, and return their names.

    Raises:
        Exception: MLflow's own, if it refuses one.
    """
    with TemporaryDirectory() as folder:
        for make_artefacts in ARTEFACTS:
            for artefact in make_artefacts(record, run_id):
                if isinstance(artefact, Path):
                    shutil.copy(artefact, folder)
                else:
                    name, image = artefact
                    image.save(Path(folder) / name, compress_level=1)  # four times as fast as the default
        client.log_artifacts(mlflow_id, folder)
        return sorted(path.name for path in Path(folder).iterdir())
