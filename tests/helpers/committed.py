"""What this repository has committed: what a user saves beside it is the user's, and no test's concern."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def committed(pattern: str) -> list[Path]:
    """The files that git knows by this pattern."""
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(ROOT / name for name in listed.stdout.splitlines())


EXPERIMENTS = committed("experiments/*.yaml")
"""Our studies and searches."""
