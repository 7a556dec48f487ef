"""The record of runs on disk: one folder per run, one writer at a time, and every write is atomic.

All else (MLflow, reports, tables) is made from the record.

.ablate/runs/<id>/
    run.json              settings, seed, recipe, when it began or started over
    parts/                the texts of the user's own parts that trained the run, if it uses any (`variants`)
    checkpoint.pt         the state after the newest epoch, with a checksum; deleted when the run has ended
    epochs.json           one row per epoch
    weights.safetensors   the best epoch's weights
    arrays.safetensors    the error of each test image, and the first test scenes' outputs
    result.json           how it ended, its results and environment, and the checksums of the other files; written last;
                          `adopted`: where it was adopted from; from the data of a report, without weights and arrays
    failure.json          why an attempt failed, and whether another has started (`again`); deleted when that has ended

.ablate/changes/<digest>.diff   how the code that trained runs differed from its commit (`changes` in a run's
                          environment); never sent anywhere, since it can hold secrets

.ablate/replaced/<id>/    the earlier record of a run that is trained again because it could not be scored

A damaged file counts as missing, and is written again.
"""

from __future__ import annotations

import math
import shutil
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from ablate.project import STATE
from ablate.records.files import (
    hash_file,
    make_folder,
    move_folder,
    seal,
    set_aside,
    unseal,
    write_atomic,
    write_json,
)
from ablate.records.models import Failure, Result, RunFacts, read_epochs, read_stored
from ablate.records.parts import PARTS, part_paths, write_parts
from ablate.training.events import Abandoned, Ended, EpochEnded, Event, Failed, Row, Started

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from ablate.records.adoptable import Adoptable
    from ablate.settings import Run

Status = Literal["absent", "unfinished", "lost", "failed", "timed out", "set aside", "finished", "diverged"]

PENDING: tuple[Status, ...] = ("absent", "unfinished")
"""Not trained yet, or only in part."""

FAILED: tuple[Status, ...] = ("failed", "timed out", "set aside")
"""Have no result that can be scored, and are not trained again unless that is requested (`--retry-failed`)."""

MISSING: tuple[Status, ...] = (*FAILED, "lost")
"""Have no result. Those that were lost have lost their worker too often for one sweep; the next one resumes them."""

ENDED: tuple[Status, ...] = ("finished", "diverged")
"""Have a result, and are never trained again."""

CHECKSUMMED_FILES = ("run.json", "epochs.json", "weights.safetensors", "arrays.safetensors")
"""The files of a run whose checksums are in its result."""


class Record:
    """Reads and writes the run folders below `root`; calls `warn` for each file that is set aside as damaged."""

    def __init__(self, root: Path = STATE, warn: Callable[[str], None] = warnings.warn) -> None:
        self.root, self.warn = root, warn

    def folder(self, run_id: str) -> Path:
        """The folder of a run."""
        return self.root / "runs" / run_id

    # writing

    def write_event(self, run: Run, event: Event) -> None:
        """Record an event of a run."""
        folder = self.folder(run.id)
        match event:
            case Started():
                self._begin(run)
            case EpochEnded(rows, checkpoint):
                write_atomic(folder / "checkpoint.pt", seal(checkpoint))
                write_json(
                    folder / "epochs.json", rows
                )  # after the checkpoint: a recorded epoch is never trained again
            case Ended():
                self._end(folder, event)
            case Failed(reason, trace, status):
                _write_failure(folder, Failure(status=status, reason=reason, trace=trace, time=time.time()))
            case Abandoned(reason):
                _write_failure(folder, Failure(status="lost", reason=reason, time=time.time()))

    def _begin(self, run: Run) -> None:
        folder = self.folder(run.id)
        make_folder(folder)
        self.retry(run.id)
        if self.facts(run.id) is None or not (folder / "checkpoint.pt").exists():  # it starts over
            _write_run(folder, run, time.time())

    def _end(self, folder: Path, event: Ended) -> None:
        write_atomic(folder / "weights.safetensors", event.weights)
        write_atomic(folder / "arrays.safetensors", event.arrays)
        write_json(folder / "epochs.json", event.rows)
        for digest, changes in event.changes.items():
            self._keep_changes(digest, changes)
        result = Result(status=event.status, results=event.results, environment=event.environment, ended=time.time())
        _write_result(folder, result)
        for name in ("checkpoint.pt", "failure.json"):  # only now: the result is on disk
            (folder / name).unlink(missing_ok=True)

    def _keep_changes(self, digest: str, changes: str) -> None:
        path = self.root / "changes" / f"{digest}.diff"
        if not path.exists():
            make_folder(path.parent)
            write_atomic(path, changes.encode())

    def adopt(self, item: Adoptable) -> None:
        """Add a run that was trained elsewhere, in one step. An unfinished attempt to train it here is deleted.

        Raises:
            OSError: the record has a result of this run already.
        """
        unfinished, folder = self.folder(".adopted"), self.folder(item.run.id)
        shutil.rmtree(unfinished, ignore_errors=True)  # left by an adoption that was killed
        make_folder(unfinished)
        _write_run(unfinished, item.run, item.began)
        write_json(unfinished / "epochs.json", item.rows)
        for name, content in item.files.items():
            write_atomic(unfinished / name, content)
        _write_result(unfinished, item.result)
        if not self.has_ended(item.run.id):
            shutil.rmtree(folder, ignore_errors=True)
        move_folder(unfinished, folder)

    def add_scores(self, run_id: str, scores: Mapping[str, float]) -> None:
        """Add to a run's result those scores that it does not have; the others are not changed."""
        result = self.result(run_id)
        new = {name: value for name, value in scores.items() if result and name not in result.results}
        if result and new:
            extended = result.model_copy(update={"results": result.results | new})
            extended.write(self.folder(run_id) / "result.json")

    def invalidate(self, run: Run, reason: str) -> None:
        """Move everything recorded of a run to `replaced/` and mark the run as such, so it can be trained again."""
        aside = self.root / "replaced" / run.id
        make_folder(aside.parent)
        shutil.rmtree(aside, ignore_errors=True)
        move_folder(self.folder(run.id), aside)
        make_folder(self.folder(run.id))
        _write_run(self.folder(run.id), run, time.time())
        Failure(status="set aside", reason=reason, time=time.time()).write(self.folder(run.id) / "failure.json")

    def retry(self, run_id: str) -> None:
        """Let a run that failed or was lost be trained again; until it ends, it is unfinished."""
        if failure := self.failure(run_id):
            failure.model_copy(update={"again": True}).write(self.folder(run_id) / "failure.json")

    def set_aside_damaged(self, run_ids: Iterable[str]) -> None:
        """Set aside each result that is damaged, or whose files are; its run then counts as unfinished."""
        for run_id in run_ids:
            path = self.folder(run_id) / "result.json"
            if self.is_intact(run_id):
                (path.parent / "checkpoint.pt").unlink(missing_ok=True)  # a kill can have come between the two
            elif path.exists():
                self._set_aside(path, "the run is trained again")

    def is_intact(self, run_id: str) -> bool:
        """Whether a result can be read, and each of its files has the checksum that is in it."""
        result = self.result(run_id)
        files = result.files if result else {}
        return bool(files) and all(hash_file(self.folder(run_id) / name) == it for name, it in files.items())

    def _set_aside(self, path: Path, consequence: str) -> None:
        aside = set_aside(path).name
        self.warn(f"{path}: the file, or one whose checksum it has, is damaged; renamed to {aside}, and {consequence}.")

    # reading

    def status(self, run_id: str) -> Status:
        """How far the training of a run has come. Whether it is running now is not in the record: see `lock`."""
        if result := self.result(run_id):
            return result.status
        failure = self.failure(run_id)
        if failure and not failure.again:
            return failure.status
        return "absent" if self.facts(run_id) is None else "unfinished"

    def has_files(self, run_id: str) -> bool:
        """Whether there is anything of a run, even if it is damaged."""
        return self.folder(run_id).exists()

    def has_ended(self, run_id: str) -> bool:
        """Whether a run has a result; it is never trained again."""
        return self.result(run_id) is not None

    def needs_training(self, run_id: str, *, retry_failed: bool = False) -> bool:
        """Whether a run has neither ended nor failed; with `retry_failed`, whether it has failed but not ended."""
        if self.has_ended(run_id):
            return False
        if retry_failed:
            return self.failure(run_id) is not None
        return self.status(run_id) not in FAILED

    def facts(self, run_id: str) -> RunFacts | None:
        """What a run is; None if it has not started, or the file is damaged, which the next sweep repairs."""
        return read_stored(self.folder(run_id) / "run.json", RunFacts)

    def result(self, run_id: str) -> Result | None:
        """The result of a run that has ended."""
        return read_stored(self.folder(run_id) / "result.json", Result)

    def adopted_from(self, run_id: str) -> Path | None:
        """The data from which the scores of a run, and nothing else, were adopted; None for every other run."""
        result = self.result(run_id)
        return Path(result.adopted) if result and result.adopted and result.has_only_scores else None

    def failure(self, run_id: str) -> Failure | None:
        """Why the last attempt at a run failed; None if none has."""
        return read_stored(self.folder(run_id) / "failure.json", Failure)

    def start_time(self, run_id: str) -> float:
        """When a run was first started, in Unix seconds; NaN if that is not known."""
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
        """The arrays of a run that has ended, by name; empty if its loss was not finite."""
        from safetensors.numpy import load

        path = self.folder(run_id) / "arrays.safetensors"
        content = path.read_bytes() if path.exists() else b""
        return load(content) if content else {}

    def image_errors(self, run_id: str) -> NDArray[np.floating] | None:
        """The error of each test image (N,) of a run that has ended; None where `arrays` is empty."""
        from safetensors import safe_open

        path = self.folder(run_id) / "arrays.safetensors"
        if not path.exists() or not path.stat().st_size:
            return None
        with safe_open(path, framework="numpy") as arrays:  # reads only this one
            found: NDArray[np.floating] = arrays.get_tensor("test_mse")
            return found

    def checkpoint(self, run_id: str) -> bytes | None:
        """The state from which an unfinished run resumes, if there is one; a damaged checkpoint is set aside."""
        path = self.folder(run_id) / "checkpoint.pt"
        if not path.exists():
            return None
        content = unseal(path.read_bytes())
        if content is None:
            self._set_aside(path, "the run starts over")
        return content


def _write_run(folder: Path, run: Run, began: float) -> None:
    """Write what a run is, and the files of its own parts if it has any."""
    from ablate.settings import RECIPE, dotted  # not at the top of the file: `ablate status` does without

    settings = dotted(run)
    seed = settings.pop("seed")
    write_parts(folder, run.part_files)
    RunFacts(id=run.id, recipe=RECIPE, seed=seed, settings=settings, began=began).write(folder / "run.json")


def _write_failure(folder: Path, failure: Failure) -> None:
    """Write why a run failed, even if no worker started it."""
    make_folder(folder)
    failure.write(folder / "failure.json")


def _write_result(folder: Path, result: Result) -> None:
    """Write a run's result, with the checksums of its other files."""
    parts = [f"{PARTS}/{path.name}" for path in part_paths(folder)]
    files = {name: checksum for name in (*CHECKSUMMED_FILES, *parts) if (checksum := hash_file(folder / name))}
    result.model_copy(update={"files": files}).write(folder / "result.json")
