"""The reference points of a task, computed once and kept.

.ablate/references/<hash of the task>.json    what each method reaches, and with which parameters
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from ablate.cores import count_cores
from ablate.data.references import MAX_VALIDATION, METHODS, Reference, reference_points
from ablate.data.task import Task
from ablate.records.files import make_folder, write_json
from ablate.settings import IN_CONTENT, RECIPE

POINTS = TypeAdapter(dict[str, Reference])


def has_references(root: Path, task: Task) -> bool:
    """Whether the reference points of a task are kept below `root`."""
    return _read(_file(root, task)) is not None


def load_references(root: Path, task: Task) -> dict[str, Reference]:
    """The reference points of a task, which are computed now unless they are kept below `root`."""
    path = _file(root, task)
    found = _read(path)
    if found is None:
        found = reference_points(task, count_cores())
        make_folder(path.parent)
        write_json(path, {name: point._asdict() for name, point in found.items()})
    return found


def _file(root: Path, task: Task) -> Path:
    return root / "references" / f"{_task_id(task)}.json"


def _read(path: Path) -> dict[str, Reference] | None:
    """The points in a file; None if it is missing or damaged."""
    try:
        return POINTS.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def _task_id(task: Task) -> str:
    """Hash of all that the points depend on: the images, the methods and their grids."""
    data: dict[str, Any] = task.data.model_dump(mode="json")
    for name in IN_CONTENT if task.data.content else ():
        data.pop(name.removeprefix("data."))
    grids = {name: dict(method.grid) for name, method in METHODS.items()}
    text = json.dumps([RECIPE, data, task.image_size, task.channels, grids, MAX_VALIDATION], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]
