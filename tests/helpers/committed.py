"""The files that git tracks; tests ignore what a user saves next to them, and trains again on another machine."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]


def committed(pattern: str) -> list[Path]:
    """List the tracked files that match a pattern."""
    listed = subprocess.run(["git", "ls-files", pattern], cwd=ROOT, capture_output=True, text=True, check=True)
    return sorted(ROOT / name for name in listed.stdout.splitlines())


def restore(folder: Path, *patterns: str) -> Path:
    """Write the tracked files that match the patterns below a folder, as they were committed; returns the folder."""
    listed = subprocess.run(["git", "ls-files", "-z", *patterns], cwd=ROOT, capture_output=True, check=True).stdout
    command = ["git", "checkout-index", "-z", "--stdin", f"--prefix={folder}/"]
    subprocess.run(command, cwd=ROOT, input=listed, check=True)
    return folder


EXPERIMENTS = committed("experiments/*.yaml")
"""Our studies and searches."""
