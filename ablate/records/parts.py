"""The files of the user's own parts in the folder of a run that uses any (`variants`)."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ablate.records.files import make_folder, write_atomic
from ablate.variants.files import Files, PartFile

PARTS = "parts"
"""The folder in a run's own that has these files."""


def write_parts(folder: Path, files: Iterable[PartFile]) -> None:
    """Write these files into the folder of a run."""
    for file in files:
        make_folder(folder / PARTS)
        write_atomic(folder / PARTS / file.name, file.text.encode())


def part_paths(folder: Path) -> list[Path]:
    """The files of a run's own parts, in the order of their names."""
    return sorted((folder / PARTS).glob("*.py"))


def read_parts(folder: Path) -> Files:
    """The files of a run's own parts, as they were when it was planned."""
    return tuple(PartFile(path.name, path.read_text(encoding="utf-8")) for path in part_paths(folder))
