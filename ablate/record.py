"""The record of runs on disk, the truth about them: one folder a run, one writer, every write atomic.

.ablate/runs/<id>/
    run.json              settings, seed, recipe, when it began
    checkpoint.pt         the newest epoch's whole state; gone when the run has ended
    epochs.json           one row an epoch
    weights.safetensors   the best epoch's weights
    arrays.safetensors    the error of each test image, and the first test scenes' outputs
    result.json           how it ended, its results and its environment; written last, so it vouches for the rest
    failure.json          why the last attempt broke, if it did
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from filelock import FileLock, Timeout

from ablate.settings import RECIPE, Run, dotted
from ablate.training.events import Ended, EpochEnded, Event, Failed, Row, Started

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Status = Literal["absent", "unfinished", "failed", "finished", "diverged"]

STATE = Path(".ablate")
"""All state lives under the current folder."""


class Record:
    """Reads and writes the run folders below `root`."""

    def __init__(self, root: Path = STATE) -> None:
        self.root = root

    def folder(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.root / "runs" / run_id

    @contextmanager
    def only_writer(self, on_wait: Callable[[], None]) -> Iterator[None]:
        """Be the only sweep in this folder; `on_wait` is called if another one has to end first.

        The lock is the operating system's: it is free as soon as its owner has ended, however that was.
        """
        self.root.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.root / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            on_wait()
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    # writing

    def take(self, run: Run, event: Event) -> None:
        """Write what an event tells of a run."""
        folder = self.folder(run.id)
        match event:
            case Started():
                self._begin(run)
            case EpochEnded(rows, checkpoint):
                write_json(folder / "epochs.json", rows)  # first: a checkpoint never knows an epoch that this does not
                write_atomic(folder / "checkpoint.pt", checkpoint)
            case Ended():
                self._end(folder, event)
            case Failed(reason, trace):
                write_json(folder / "failure.json", {"reason": reason, "trace": trace, "time": time.time()})

    def _begin(self, run: Run) -> None:
        folder = self.folder(run.id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "failure.json").unlink(missing_ok=True)
        if not (folder / "run.json").exists():
            settings = dotted(run)
            facts = {"id": run.id, "recipe": RECIPE, "seed": settings.pop("seed"), "settings": settings}
            write_json(folder / "run.json", {**facts, "began": time.time()})

    def _end(self, folder: Path, event: Ended) -> None:
        write_atomic(folder / "weights.safetensors", event.weights)
        write_atomic(folder / "arrays.safetensors", event.arrays)
        facts = {"status": event.status, "results": event.results, "environment": event.environment}
        write_json(folder / "result.json", {**facts, "ended": time.time()})
        (folder / "checkpoint.pt").unlink(missing_ok=True)

    # reading

    def status(self, run_id: str) -> Status:
        """How far a run has come; what it is doing right now is not recorded."""
        folder = self.folder(run_id)
        if (folder / "result.json").exists():
            status: Status = self.result(run_id)["status"]
            return status
        if (folder / "failure.json").exists():
            return "failed"
        return "unfinished" if (folder / "run.json").exists() else "absent"

    def ended(self, run_id: str) -> bool:
        """Whether a run has its result, so that it is never trained again."""
        return (self.folder(run_id) / "result.json").exists()

    def result(self, run_id: str) -> dict[str, Any]:
        """The result of a run that has ended."""
        result: dict[str, Any] = _read_json(self.folder(run_id) / "result.json")
        return result

    def failure(self, run_id: str) -> dict[str, Any]:
        """Why a failed run's last attempt broke."""
        failure: dict[str, Any] = _read_json(self.folder(run_id) / "failure.json")
        return failure

    def began(self, run_id: str) -> float:
        """When a run was first started, in Unix seconds."""
        return float(_read_json(self.folder(run_id) / "run.json")["began"])

    def epochs(self, run_id: str) -> list[Row]:
        """The epochs of a run so far."""
        path = self.folder(run_id) / "epochs.json"
        return _read_json(path) if path.exists() else []

    def arrays(self, run_id: str) -> dict[str, NDArray[np.floating]]:
        """The arrays of a run that has ended, by name; none if its loss was not finite."""
        from safetensors.numpy import load

        path = self.folder(run_id) / "arrays.safetensors"
        content = path.read_bytes() if path.exists() else b""
        return load(content) if content else {}

    def checkpoint(self, run_id: str) -> bytes | None:
        """What an unfinished run goes on from."""
        path = self.folder(run_id) / "checkpoint.pt"
        return path.read_bytes() if path.exists() else None


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that, whenever the power goes, there is either the old one or the new one."""
    temporary = path.with_name(f".{path.name}.tmp")
    with open(temporary, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    descriptor = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(descriptor)  # the rename itself
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Write plain data atomically; NaN is no JSON and is an error."""
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())


def _read_json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
