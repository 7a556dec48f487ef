"""Whole commands, started as a user starts them, in an environment that is not ours."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.helpers.committed import ROOT

SECONDS = 240
"""A command that takes longer hangs."""


def leave_as_it_is(folder: Path) -> None:
    """Neither prepare nor check anything."""


UNMEASURED: dict[str, None] = {"COVERAGE_PROCESS_CONFIG": None}
"""Without this variable, coverage does not measure a process, where it would load SQLite or could not write."""


@dataclass(frozen=True)
class Odd:
    """An environment, and what a command does in it. See `tests/test_odd_environments.py`.

    Attributes:
        name: of the environment, in words.
        command: what is typed after `ablate`.
        env: variables that are set for the command; None unsets one.
        start: the words before `ablate`, for instance `("setsid",)`.
        prepare: changes the folder beforehand.
        code: the exit code.
        says: what is printed, among other things.
        never: what is not printed.
        check: asserts something about the folder afterwards.
        trains: begin with nothing recorded, not with a study that has been swept.
        as_root: only root can start it so; others skip it.
    """

    name: str
    command: str
    env: Mapping[str, str | None] = field(default_factory=dict)
    start: tuple[str, ...] = ()
    prepare: Callable[[Path], None] = leave_as_it_is
    code: int = 0
    says: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    check: Callable[[Path], None] = leave_as_it_is
    trains: bool = False
    as_root: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.command}"


def try_in(folder: Path, odd: Odd) -> str:
    """Prepare the folder, run the command there, check what it did; returns what it printed."""
    odd.prepare(folder)
    names = {"PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": None, **UNMEASURED, **odd.env}
    env = {name: value for name, value in {**os.environ, **names}.items() if value is not None}
    done = subprocess.run(
        [*odd.start, sys.executable, "-m", "ablate", *odd.command.split()],
        cwd=folder,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=SECONDS,
    )
    printed = done.stdout.decode(errors="replace")
    assert done.returncode == odd.code, printed
    for words in odd.says:
        assert words in printed, f"{words!r} is not in\n{printed}"
    for words in ("Traceback", *odd.never):
        assert words not in printed, f"{words!r} is in\n{printed}"
    odd.check(folder)
    return printed
