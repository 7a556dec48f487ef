"""The files that git tracks; tests ignore what a user saves next to them."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def committed(pattern: str) -> list[Path]:
    """List the tracked files that match a pattern."""
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(ROOT / name for name in listed.stdout.splitlines())


EXPERIMENTS = committed("experiments/*.yaml")
"""Our studies and searches."""
