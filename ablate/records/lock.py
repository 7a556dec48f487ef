"""Who writes the record: one sweep at a time, and which runs it is training just now."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from ablate.records.files import write_json
from ablate.records.models import Stored
from ablate.settings import Run
from ablate.training.events import EpochEnded, Event, Started

FLICKER = 1.0
"""Seconds for which a lock may be held by somebody who only looks."""


@contextmanager
def only_writer(root: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Be the only writer below `root`; `on_wait` is called if another one has to end first.

    The lock is the operating system's: it is free as soon as its owner has ended, however that was.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / "lock")
    try:
        lock.acquire(timeout=FLICKER)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        _path(root).unlink(missing_ok=True)  # of a sweep that was killed
        yield
    finally:
        lock.release()


class Trainer(Stored):
    """What trains a run just now: a process, in a slot on a device."""

    pid: int
    slot: int
    device: str


STORED = TypeAdapter(dict[str, Trainer])


class RunningFile:
    """Listens to a sweep, and keeps a small file that says which runs it is training."""

    def __init__(self, root: Path) -> None:
        self.path = _path(root)
        self.runs: dict[str, Trainer] = {}

    def __call__(self, run: Run, event: Event) -> None:
        """Note that a run has been taken up, or is no longer trained."""
        match event:
            case Started(slot, device):
                self.runs[run.id] = Trainer(pid=os.getpid(), slot=slot, device=device)
            case EpochEnded():
                return
            case _:
                self.runs.pop(run.id, None)
        write_json(self.path, STORED.dump_python(self.runs))


def load_running(root: Path) -> dict[str, Trainer]:
    """What trains each run just now, by the run's id; nothing does where nobody holds the lock."""
    if not (root / "lock").exists():
        return {}
    try:
        with FileLock(root / "lock", timeout=0):
            return {}
    except Timeout:
        with suppress(FileNotFoundError, ValidationError):
            return STORED.validate_json(_path(root).read_bytes())
        return {}


def _path(root: Path) -> Path:
    return root / "running.json"
