"""Time commands of this checkout and of another one in turn, so that other work on the machine disturbs both alike."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path

from ablate.training.environment import device_name

HERE = Path(__file__).parents[1]


def options(description: str | None, repeats: int, *, pairs: bool = True) -> argparse.ArgumentParser:
    """The options of a benchmark; with `pairs`, of one that can compare this checkout with another."""
    parser = argparse.ArgumentParser(description=description)
    if pairs:
        parser.add_argument("--against", type=Path, help="another checkout, measured in turn with this one")
    parser.add_argument("--repeats", type=int, default=repeats)
    return parser


def checkouts(against: Path | None) -> dict[str, Path]:
    """What is measured: this checkout, and the other one if it is given."""
    return {"this": HERE} | ({"other": against.resolve()} if against else {})


def python(checkout: Path, *words: str, folder: Path | None = None) -> str:
    """Run Python with the code of a checkout; returns what it prints.

    Raises:
        subprocess.CalledProcessError: it fails.
    """
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, "-P", *words]  # -P: not the code in the current folder
    return subprocess.run(command, cwd=folder, env=environment, check=True, capture_output=True, text=True).stdout


def in_turn(measure: Callable[[Path], Sequence[float]], against: Path | None, repeats: int) -> dict[str, list[str]]:
    """Measure every checkout `repeats` times in turn; for each the median and the spread of each of its numbers."""
    found: dict[str, list[Sequence[float]]] = {name: [] for name in checkouts(against)}
    for _ in range(repeats):
        for name, checkout in checkouts(against).items():
            found[name].append(measure(checkout))
    return {name: [summary(numbers) for numbers in zip(*rows, strict=True)] for name, rows in found.items()}


def summary(numbers: Sequence[float]) -> str:
    """The median, and the lowest and the highest number.

    >>> summary([0.2, 0.1, 0.3])
    '0.200 (0.100 to 0.300)'
    """
    return f"{statistics.median(numbers):.3f} ({min(numbers):.3f} to {max(numbers):.3f})"


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def machine() -> str:
    """The machine and the versions that the numbers depend on, in one line."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("torch", "mlflow", "pandas"))
    return f"{device_name('cpu')}, {os.cpu_count()} cores; Python {platform.python_version()}, {packages}"
