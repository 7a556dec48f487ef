"""The id of a record, by which it recognises what was sent from it.

.ablate/id    32 hexadecimal digits, drawn when they are first needed
"""

from __future__ import annotations

import uuid
from pathlib import Path

from ablate.records.files import write_atomic


def record_id(root: Path) -> str:
    """The id of the record below `root`, which is drawn now if it has none."""
    if found := read_id(root):
        return found
    root.mkdir(parents=True, exist_ok=True)
    drawn = uuid.uuid4().hex
    write_atomic(root / "id", drawn.encode())
    return drawn


def read_id(root: Path) -> str | None:
    """The id of the record below `root`; None if it has none yet."""
    path = root / "id"
    return path.read_text(encoding="ascii") if path.exists() else None
