"""One sweep at a time writes the record, and a small file says which runs it is training now."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from ablate.records.files import write_json
from ablate.records.models import Stored
from ablate.training.events import EpochEnded, Event, Started

if TYPE_CHECKING:
    from ablate.settings import Run

PEEK_SECONDS = 1.0
"""`_is_held` shares the lock for a moment, too; only a lock that is held for longer belongs to another sweep."""


@contextmanager
def only_writer(root: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """A context with exclusive write access below `root`; calls `on_wait` if it has to wait for another writer.

    The lock is the operating system's, so it is released when its owner ends, even if the owner was killed.
    """
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / "lock")
    try:
        lock.acquire(timeout=PEEK_SECONDS)
    except Timeout:
        on_wait()
        lock.acquire()
    try:
        _path(root).unlink(missing_ok=True)  # left by a sweep that was killed
        yield
    finally:
        lock.release()


class Trainer(Stored):
    """What is training a run now: a process, in a slot on a device."""

    pid: int
    slot: int
    device: str


TRAINERS = TypeAdapter(dict[str, Trainer])
"""The content of `running.json`: by run id."""


class RunningFile:
    """A listener of a sweep that keeps `running.json`: which runs the sweep is training now."""

    def __init__(self, root: Path) -> None:
        self.path = _path(root)
        self.runs: dict[str, Trainer] = {}

    def __call__(self, run: Run, event: Event) -> None:
        """Add a run that has started, and remove one that is no longer trained."""
        match event:
            case Started(slot, device):
                self.runs[run.id] = Trainer(pid=os.getpid(), slot=slot, device=device)
            case EpochEnded():
                return
            case _:
                self.runs.pop(run.id, None)
        write_json(self.path, TRAINERS.dump_python(self.runs))


def load_running(root: Path) -> dict[str, Trainer]:
    """What is training each run now, by run id; empty if nobody holds the lock, since then no sweep is running."""
    if _is_held(root / "lock"):
        with suppress(FileNotFoundError, ValidationError):
            return TRAINERS.validate_json(_path(root).read_bytes())
    return {}


def _is_held(lock: Path) -> bool:
    """Whether a writer holds the lock: it then refuses a share in it, for which nothing has to be written."""
    try:
        with open(lock, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except (FileNotFoundError, PermissionError):  # no sweep, or one that this user cannot see
        return False
    except OSError:  # the lock is held, or this file system has no locks: the file then exists only while it is held
        return True
    return False


def _path(root: Path) -> Path:
    return root / "running.json"
