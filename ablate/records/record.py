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

.ablate/replaced/<id>/    what was recorded of a run that was trained again because it could not be scored

What is damaged counts as not there, and is made again.
"""

from __future__ import annotations

import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ablate.records.files import (
    digest,
    make_folder,
    place_folder,
    seal,
    set_aside,
    unseal,
    write_atomic,
    write_json,
)
from ablate.records.models import Failure, Result, RunFacts, read_epochs, read_stored
from ablate.settings import RECIPE, Run, dotted
from ablate.training.events import Ended, EpochEnded, Event, Failed, Row, Started

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Status = Literal["absent", "unfinished", "failed", "timed out", "finished", "diverged"]

PENDING: tuple[Status, ...] = ("absent", "unfinished")
"""Yet to be trained, or to be trained on."""

FAILED: tuple[Status, ...] = ("failed", "timed out")
"""Trained again only where that is asked for."""

ENDED: tuple[Status, ...] = ("finished", "diverged")
"""With a result: never trained again."""

STATE = Path(".ablate")
"""All state lives under the current folder."""

CHECKSUMMED_FILES = ("run.json", "epochs.json", "weights.safetensors", "arrays.safetensors")
"""The files of a run whose checksums stand in its result."""


class Record:
    """Reads and writes the run folders below `root`; `warn` is told of each file that is set aside as damaged."""

    def __init__(self, root: Path = STATE, warn: Callable[[str], None] = warnings.warn) -> None:
        self.root, self.warn = root, warn

    def folder(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.root / "runs" / run_id

    # writing

    def write_event(self, run: Run, event: Event) -> None:
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
                Failure(status=status, reason=reason, trace=trace, time=time.time()).write(folder / "failure.json")

    def _begin(self, run: Run) -> None:
        folder = self.folder(run.id)
        make_folder(folder)
        if failure := self.failure(run.id):
            failure.model_copy(update={"again": True}).write(folder / "failure.json")
        if self.facts(run.id) is None:
            _facts(run, time.time()).write(folder / "run.json")

    def _end(self, folder: Path, event: Ended) -> None:
        write_atomic(folder / "weights.safetensors", event.weights)
        write_atomic(folder / "arrays.safetensors", event.arrays)
        write_json(folder / "epochs.json", event.rows)
        result = Result(status=event.status, results=event.results, environment=event.environment, ended=time.time())
        _write_result(folder, result)
        for settled in ("checkpoint.pt", "failure.json"):
            (folder / settled).unlink(missing_ok=True)

    def adopt(self, run: Run, began: float, rows: list[Row], result: Result) -> None:
        """Take in a run that was trained elsewhere, all at once: its `result` vouches for what there is of it.

        Raises:
            OSError: the record has something of it already.
        """
        unfinished = self.folder(".adopted")
        shutil.rmtree(unfinished, ignore_errors=True)  # what a kill left
        make_folder(unfinished)
        _facts(run, began).write(unfinished / "run.json")
        write_json(unfinished / "epochs.json", rows)
        _write_result(unfinished, result)
        place_folder(unfinished, self.folder(run.id))

    def add_scores(self, run_id: str, scores: Mapping[str, float]) -> None:
        """Add to a run's result the scores that it does not have; those that it has stay as they are."""
        result = self.result(run_id)
        new = {name: value for name, value in scores.items() if result and name not in result.results}
        if result and new:
            more = result.model_copy(update={"results": result.results | new})
            more.write(self.folder(run_id) / "result.json")

    def invalidate(self, run: Run, reason: str) -> None:
        """Put aside all that is recorded of a run, so that it counts as failed and can be trained again."""
        aside = self.root / "replaced" / run.id
        make_folder(aside.parent)
        shutil.rmtree(aside, ignore_errors=True)
        place_folder(self.folder(run.id), aside)
        make_folder(self.folder(run.id))
        _facts(run, time.time()).write(self.folder(run.id) / "run.json")
        Failure(status="failed", reason=reason, time=time.time()).write(self.folder(run.id) / "failure.json")

    def set_aside_damaged(self, run_ids: Iterable[str]) -> None:
        """Set aside each result that is damaged, or whose files are, so that its run is trained again."""
        for run_id in run_ids:
            path = self.folder(run_id) / "result.json"
            if self._is_intact(path):
                (path.parent / "checkpoint.pt").unlink(missing_ok=True)  # a kill may have come before that
            elif path.exists():
                self._set_aside(path, "the run is trained again")

    def _is_intact(self, path: Path) -> bool:
        """Whether a result is whole, and every file that it vouches for is as it was written."""
        result = read_stored(path, Result)
        files = result.files if result else {}
        return bool(files) and all(digest(path.parent / name) == known for name, known in files.items())

    def _set_aside(self, path: Path, consequence: str) -> None:
        self.warn(f"{path}: it, or what it vouches for, is damaged; now {set_aside(path).name}, and {consequence}.")

    # reading

    def status(self, run_id: str) -> Status:
        """How far a run has come; what it is doing right now is not recorded here."""
        if result := self.result(run_id):
            return result.status
        failure = self.failure(run_id)
        if failure and not failure.again:
            return failure.status
        return "absent" if self.facts(run_id) is None else "unfinished"

    def has_files(self, run_id: str) -> bool:
        """Whether there is anything of a run, be it damaged."""
        return self.folder(run_id).exists()

    def has_ended(self, run_id: str) -> bool:
        """Whether a run has its result, so that it is never trained again."""
        return self.result(run_id) is not None

    def needs_training(self, run_id: str, *, retry_failed: bool = False) -> bool:
        """Whether a run has neither ended nor failed; with `retry_failed`, whether it has failed and not ended."""
        if self.has_ended(run_id):
            return False
        if retry_failed:
            return self.failure(run_id) is not None
        return self.status(run_id) not in FAILED

    def facts(self, run_id: str) -> RunFacts | None:
        """What a run that has started is; None also where that is damaged, which a sweep repairs."""
        return read_stored(self.folder(run_id) / "run.json", RunFacts)

    def result(self, run_id: str) -> Result | None:
        """The result of a run that has ended."""
        return read_stored(self.folder(run_id) / "result.json", Result)

    def adopted_from(self, run_id: str) -> Path | None:
        """The data that a run was taken over from; None for one that was trained here, or has not ended."""
        result = self.result(run_id)
        return Path(result.adopted) if result and result.adopted else None

    def failure(self, run_id: str) -> Failure | None:
        """Why the last attempt at a broken run broke."""
        return read_stored(self.folder(run_id) / "failure.json", Failure)

    def start_time(self, run_id: str) -> float:
        """When a run was first started, in Unix seconds; NaN where that is not known."""
        facts = self.facts(run_id)
        return float(facts.began) if facts else math.nan

    def epochs(self, run_id: str) -> list[Row]:
        """The epochs of a run so far."""
        return read_epochs(self.folder(run_id) / "epochs.json")

    def weights(self, run_id: str) -> bytes | None:
        """The best epoch's weights as safetensors; None for a run that was adopted, or had no epoch."""
        path = self.folder(run_id) / "weights.safetensors"
        return (path.read_bytes() or None) if path.exists() else None

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


def _facts(run: Run, began: float) -> RunFacts:
    settings = dotted(run)
    seed = settings.pop("seed")
    return RunFacts(id=run.id, recipe=RECIPE, seed=seed, settings=settings, began=began)


def _write_result(folder: Path, result: Result) -> None:
    """Write a run's result with the checksums of those of its files that are there."""
    files = {name: known for name in CHECKSUMMED_FILES if (known := digest(folder / name))}
    result.model_copy(update={"files": files}).write(folder / "result.json")
