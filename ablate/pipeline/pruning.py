"""What of the record is no longer needed: runs that no study requests any more, and checkpoints of ended runs."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from ablate.records.record import Record
from ablate.records.requests import load_all_requested


@dataclass(frozen=True)
class Unneeded:
    """A folder or file of the record that is no longer needed: what it is, and its size in bytes."""

    path: Path
    what: str
    size: int


def find_unneeded(record: Record) -> list[Unneeded]:
    """What could be removed without a study or search losing anything.

    Runs that the record cannot attribute to a study or search are not among it.
    """
    every = load_all_requested(record.root)
    current = {run_id for requested in every for run_id in requested.current_runs()}
    former = {
        run_id: f"{requested.study}: {label}, no longer requested"
        for requested in every
        for run_id, label in requested.former.items()
        if run_id not in current and record.has_files(run_id)
    }
    ended = [
        (run_id, record.folder(run_id) / "checkpoint.pt") for run_id in sorted(current) if record.has_ended(run_id)
    ]
    folders = [Unneeded(record.folder(run_id), what, _size(record.folder(run_id))) for run_id, what in former.items()]
    checkpoints = [
        Unneeded(path, f"checkpoint of the run {run_id}, which has ended", _size(path))
        for run_id, path in ended
        if path.exists()
    ]
    return folders + checkpoints


def remove(unneeded: Unneeded) -> None:
    """Remove a folder or file of the record."""
    if unneeded.path.is_dir():
        shutil.rmtree(unneeded.path)
    else:
        unneeded.path.unlink()


def _size(path: Path) -> int:
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    return sum(file.stat().st_size for file in files)
