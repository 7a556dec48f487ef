"""The unused parts of a record: runs that no study requests any more, and checkpoints of runs that have ended."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns, find_damaged, load_all_requested


@dataclass(frozen=True)
class Unused:
    """An unused folder or file of the record: what it is, and its size in bytes."""

    path: Path
    what: str
    size: int


def find_unused(record: Record) -> list[Unused]:
    """What can be removed without any study or search losing a run that it requests now.

    Runs that were never requested by a study or search are not included, nor are the earlier trials of a search that is
    not finished: it may draw them again.

    Raises:
        AblateError: it is not known what some study requests.
    """
    if damaged := find_damaged(record.root):
        raise AblateError(
            f"{damaged[0]}: the file is damaged, so it is not known which runs {damaged[0].stem} requests; "
            "`ablate sweep` or `ablate search` writes it again"
        )
    every = load_all_requested(record.root)
    current = {run_id for requested in every for run_id in _needed_by(requested)}
    former = {
        run_id: f"{requested.study}: {label}, no longer requested"
        for requested in every
        for run_id, label in requested.former.items()
        if run_id not in current and record.has_files(run_id)
    }
    ended = [
        (run_id, record.folder(run_id) / "checkpoint.pt") for run_id in sorted(current) if record.has_ended(run_id)
    ]
    folders = [Unused(record.folder(run_id), what, _size(record.folder(run_id))) for run_id, what in former.items()]
    checkpoints = [
        Unused(path, f"checkpoint of the run {run_id}, which has ended", _size(path))
        for run_id, path in ended
        if path.exists()
    ]
    return folders + checkpoints


def _needed_by(requested: RequestedRuns) -> Mapping[str, Label]:
    """The runs of a study or search that it requests now, or may request again."""
    return requested.all_runs() if requested.is_drawing else requested.current_runs()


def remove(unused: Unused) -> None:
    """Remove a folder or file of the record."""
    if unused.path.is_dir():
        shutil.rmtree(unused.path)
    else:
        unused.path.unlink()


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
