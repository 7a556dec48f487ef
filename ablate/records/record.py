"""The record of runs on disk, the truth about them: one folder per run, one writer, every write atomic.

.ablate/runs/<id>/
    run.json              settings, seed, recipe, when it began
    checkpoint.pt         the newest epoch's whole state, sealed; gone when the run has ended
    epochs.json           one row per epoch
    weights.safetensors   the best epoch's weights
    arrays.safetensors    the error of each test image, and the first test scenes' outputs
    result.json           how it ended, its results and its environment; written last, and vouches for the rest;
                          `adopted`: the data that it was taken over from, which have no weights and no arrays
    failure.json          why an attempt broke, and whether another goes on `again`; gone when that has ended

What is damaged counts as not there, and is made again.
"""

from __future__ import annotations

import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ablate.records.files import (
    digest,
    make_folder,
    place_folder,
    read_json,
    seal,
    set_aside,
    unseal,
    write_atomic,
    write_json,
)
from ablate.settings import RECIPE, Run, dotted
from ablate.training.events import Ended, EpochEnded, Event, Failed, Row, Started

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Status = Literal["absent", "unfinished", "failed", "timed out", "finished", "diverged"]

COMING: tuple[Status, ...] = ("absent", "unfinished")
"""Yet to be trained, or to be trained on."""

BROKEN: tuple[Status, ...] = ("failed", "timed out")
"""Trained again only where that is asked for."""

ENDED: tuple[Status, ...] = ("finished", "diverged")
"""With a result: never trained again."""

STATE = Path(".ablate")
"""All state lives under the current folder."""

VOUCHED = ("run.json", "epochs.json", "weights.safetensors", "arrays.safetensors")
"""The files of a run whose checksums stand in its result."""


class Record:
    """Reads and writes the run folders below `root`; `warn` is told of each file that is set aside as damaged."""

    def __init__(self, root: Path = STATE, warn: Callable[[str], None] = warnings.warn) -> None:
        self.root, self.warn = root, warn

    def folder(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.root / "runs" / run_id

    # writing

    def take(self, run: Run, event: Event) -> None:
        """Write what an event tells of a run."""
        folder = self.folder(run.id)
        match event:
            case Started():
                self._begin(run)
            case EpochEnded(rows, checkpoint):
                write_atomic(folder / "checkpoint.pt", seal(checkpoint))
                write_json(folder / "epochs.json", rows)  # last: no epoch that MLflow is told of is trained again
            case Ended():
                self._end(folder, event)
            case Failed(reason, trace, status):
                facts = {"status": status, "reason": reason, "trace": trace}
                write_json(folder / "failure.json", {**facts, "time": time.time()})

    def _begin(self, run: Run) -> None:
        folder = self.folder(run.id)
        make_folder(folder)
        if failure := read_json(folder / "failure.json"):
            write_json(folder / "failure.json", {**failure, "again": True})
        if read_json(folder / "run.json") is None:
            write_json(folder / "run.json", _facts(run, time.time()))

    def _end(self, folder: Path, event: Ended) -> None:
        write_atomic(folder / "weights.safetensors", event.weights)
        write_atomic(folder / "arrays.safetensors", event.arrays)
        write_json(folder / "epochs.json", event.rows)
        facts = {"status": event.status, "results": event.results, "environment": event.environment}
        _vouch(folder, {**facts, "ended": time.time()})
        for settled in ("checkpoint.pt", "failure.json"):
            (folder / settled).unlink(missing_ok=True)

    def adopt(self, run: Run, began: float, rows: list[Row], result: dict[str, Any]) -> None:
        """Take in a run that was trained elsewhere, all at once: its `result` vouches for what there is of it.

        Raises:
            OSError: the record has something of it already.
        """
        unfinished = self.folder(".adopted")
        shutil.rmtree(unfinished, ignore_errors=True)  # what a kill left
        make_folder(unfinished)
        write_json(unfinished / "run.json", _facts(run, began))
        write_json(unfinished / "epochs.json", rows)
        _vouch(unfinished, result)
        place_folder(unfinished, self.folder(run.id))

    def check(self, run_ids: Iterable[str]) -> None:
        """Set aside each result that is damaged, or whose files are, so that its run is trained again."""
        for run_id in run_ids:
            path = self.folder(run_id) / "result.json"
            if self._vouches(path):
                (path.parent / "checkpoint.pt").unlink(missing_ok=True)  # a kill may have come before that
            elif path.exists():
                self._set_aside(path, "the run is trained again")

    def _vouches(self, path: Path) -> bool:
        """Whether a result is whole, and every file that it vouches for is as it was written."""
        files: dict[str, str] = (read_json(path) or {}).get("files", {})
        return bool(files) and all(digest(path.parent / name) == known for name, known in files.items())

    def _set_aside(self, path: Path, consequence: str) -> None:
        self.warn(f"{path}: it, or what it vouches for, is damaged; now {set_aside(path).name}, and {consequence}.")

    # reading

    def status(self, run_id: str) -> Status:
        """How far a run has come; what it is doing right now is not recorded here."""
        folder = self.folder(run_id)
        facts = read_json(folder / "result.json") or read_json(folder / "failure.json")
        if facts and not facts.get("again"):
            status: Status = facts["status"]
            return status
        return "absent" if read_json(folder / "run.json") is None else "unfinished"

    def has(self, run_id: str) -> bool:
        """Whether there is anything of a run, be it damaged."""
        return self.folder(run_id).exists()

    def ended(self, run_id: str) -> bool:
        """Whether a run has its result, so that it is never trained again."""
        return read_json(self.folder(run_id) / "result.json") is not None

    def wanting(self, run_id: str, *, broken: bool = False) -> bool:
        """Whether a run is to be trained: what has not ended and is not broken; or only what is or was `broken`."""
        if self.ended(run_id):
            return False
        if broken:
            return read_json(self.folder(run_id) / "failure.json") is not None
        return self.status(run_id) not in BROKEN

    def facts(self, run_id: str) -> dict[str, Any]:
        """What a run that has started is: its `settings` by dotted name, its `seed`, its `recipe`, when it `began`.

        Nothing at all where that is damaged, which a sweep mends.
        """
        facts: dict[str, Any] | None = read_json(self.folder(run_id) / "run.json")
        return facts or {}

    def result(self, run_id: str) -> dict[str, Any]:
        """The result of a run that has ended."""
        result: dict[str, Any] = read_json(self.folder(run_id) / "result.json")
        return result

    def adopted(self, run_id: str) -> Path | None:
        """The data that a run was taken over from; None for one that was trained here, or has not ended."""
        source = (read_json(self.folder(run_id) / "result.json") or {}).get("adopted")
        return Path(source) if source else None

    def failure(self, run_id: str) -> dict[str, Any]:
        """Why the last attempt at a broken run broke."""
        failure: dict[str, Any] = read_json(self.folder(run_id) / "failure.json")
        return failure

    def began(self, run_id: str) -> float:
        """When a run was first started, in Unix seconds; NaN where that is not known."""
        return float(self.facts(run_id).get("began", math.nan))

    def epochs(self, run_id: str) -> list[Row]:
        """The epochs of a run so far."""
        rows: list[Row] | None = read_json(self.folder(run_id) / "epochs.json")
        return rows or []

    def arrays(self, run_id: str) -> dict[str, NDArray[np.floating]]:
        """The arrays of a run that has ended, by name; none if its loss was not finite."""
        from safetensors.numpy import load

        path = self.folder(run_id) / "arrays.safetensors"
        content = path.read_bytes() if path.exists() else b""
        return load(content) if content else {}

    def checkpoint(self, run_id: str) -> bytes | None:
        """What an unfinished run goes on from; a checkpoint that is not as it was written is set aside."""
        path = self.folder(run_id) / "checkpoint.pt"
        if not path.exists():
            return None
        content = unseal(path.read_bytes())
        if content is None:
            self._set_aside(path, "the run starts over")
        return content


def _facts(run: Run, began: float) -> dict[str, Any]:
    settings = dotted(run)
    return {"id": run.id, "recipe": RECIPE, "seed": settings.pop("seed"), "settings": settings, "began": began}


def _vouch(folder: Path, result: dict[str, Any]) -> None:
    """Write a run's result with the checksums of those of its files that are there."""
    files = {name: known for name in VOUCHED if (known := digest(folder / name))}
    write_json(folder / "result.json", {**result, "files": files})
