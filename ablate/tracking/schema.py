"""The versions of the schema of MLflow's databases that the installed MLflow knows, read without importing it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

REVISION = re.compile(r"""^(down_)?revision\b[^=]*=\s*["'](\w+)""", re.MULTILINE)
"""In a migration: the version that it leads to, or, with `down_`, the one that it starts from."""


def latest_version() -> str | None:
    """The version that the installed MLflow uses: no migration starts from it. None if that is not known."""
    found = [match for path in _migrations() for match in REVISION.findall(path.read_text(encoding="utf-8"))]
    ends = {version for down, version in found if not down} - {version for down, version in found if down}
    return ends.pop() if len(ends) == 1 else None


def is_older_version(version: str) -> bool:
    """Whether the installed MLflow has a migration that leads to this version, which may be its own."""
    return any(path.name.startswith(f"{version}_") for path in _migrations())


def _migrations() -> Iterator[Path]:
    mlflow = find_spec("mlflow")
    for folder in (mlflow.submodule_search_locations if mlflow else None) or ():
        yield from Path(folder).glob("store/db_migrations/versions/*.py")
