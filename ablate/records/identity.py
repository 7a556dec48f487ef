"""The id of a record, by which it recognises what was sent from it, and where the record lies.

.ablate/id       32 hexadecimal digits, drawn when they are first needed
.ablate/place    the machine, the folder and its inode where the record was when it was last used, and its id

A folder that is moved keeps its id. A folder that is copied gets a new one, or two folders would send the same runs.
"""

from __future__ import annotations

import platform
import re
import uuid
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ablate.records.files import write_atomic
from ablate.records.models import Stored, read_stored

VALID = re.compile("[0-9a-f]{32}")


class Place(Stored):
    """Where a record is: the machine, the absolute path of its folder and the folder's inode; with its id."""

    machine: str
    folder: str
    inode: int
    id: str | None = None  # earlier versions did not save it here


def record_id(root: Path) -> str:
    """The id of the record below `root`, which is drawn now if it has none."""
    return read_id(root) or _draw_id(root)


def read_id(root: Path) -> str | None:
    """The id of the record below `root`; None if it has none yet. If `id` is damaged, it is the one in `place`."""
    written = _written(root)
    if written is None or VALID.fullmatch(written):
        return written
    place = read_stored(root / "place", Place)
    return place.id if place else None


def _written(root: Path) -> str | None:
    path = root / "id"
    return path.read_text(encoding="ascii", errors="replace") if path.exists() else None


def keep_apart_from_copies(root: Path, warn: Callable[[str], None]) -> None:
    """Give the record below `root` an id of its own if it is a copy of one that still exists, and save where it is.

    What is on another machine cannot be seen from here: `warn` is called with a line that says what to do.
    """
    root.mkdir(parents=True, exist_ok=True)
    before, place = read_stored(root / "place", Place), _place(root)
    if is_fresh_copy(root):
        _draw_id(root)
    elif before and before.machine != place.machine and before.inode != place.inode:  # a shared folder keeps its inode
        warn(
            f"The record in {place.folder} comes from {before.folder} on {before.machine}. If that one is still used, "
            f"delete {root / 'id'} here: otherwise both send the same runs to MLflow."
        )
    own = record_id(root)
    if own != _written(root):  # it was damaged
        _write_id(root, own)
    if before != (now := place.model_copy(update={"id": own})):
        now.write(root / "place")


def is_fresh_copy(root: Path) -> bool:
    """Whether the record below `root` is a copy of one that still exists, and still has the id of that one."""
    before = read_stored(root / "place", Place)
    if before is None or before.model_copy(update={"id": None}) == (place := _place(root)):
        return False
    return before.machine == place.machine and _is_copy_of(Path(before.folder), root)


def _is_copy_of(original: Path, root: Path) -> bool:
    """Whether there is another folder with the same id where this record was before."""
    with suppress(OSError):  # it is gone, or closed to this user
        return not original.samefile(root) and read_id(original) == read_id(root) is not None
    return False


def _place(root: Path) -> Place:
    return Place(machine=platform.node(), folder=str(root.resolve()), inode=root.stat().st_ino)


def _draw_id(root: Path) -> str:
    root.mkdir(parents=True, exist_ok=True)
    drawn = uuid.uuid4().hex
    _write_id(root, drawn)
    return drawn


def _write_id(root: Path, value: str) -> None:
    write_atomic(root / "id", value.encode())
