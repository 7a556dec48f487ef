"""The id of a record, by which it recognises what was sent from it.

.ablate/id    32 hexadecimal digits, drawn when they are first needed
"""

from __future__ import annotations

import uuid
from pathlib import Path

from ablate.records.files import write_atomic


def record_id(root: Path) -> str:
    """The id of the record below `root`, which is drawn now if it has none."""
    path = root / "id"
    if not path.exists():
        root.mkdir(parents=True, exist_ok=True)
        write_atomic(path, uuid.uuid4().hex.encode())
    return path.read_text().strip()
