"""A thread of the driver that sends a sweep to MLflow while it runs, and retries later whatever could not be sent.

The thread sends no events. An event only names a run that has changed; what is sent is the difference between the
record and MLflow, so any number of events, failures and retries leads to the same result. Training never waits for
MLflow, and whatever MLflow does is a warning at most.
"""

from __future__ import annotations

import math
import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from ablate.records.identity import keep_apart_from_copies
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.settings import Run
from ablate.tracking.connection import is_remote, redact_uri, tracking_uri
from ablate.tracking.errors import SENT_LATER, describe_error, is_permanent
from ablate.tracking.last_sync import find_last_sync
from ablate.tracking.probe import probe
from ablate.tracking.store import Store
from ablate.training.events import Abandoned, Event, Stopped

MIN_RETRY_DELAY, MAX_RETRY_DELAY = 2.0, 60.0
"""Seconds to wait before MLflow is tried again after an error; doubled after each further error."""

MIN_INTERVAL = 1.0
"""Seconds from one time that changes are sent to the next. So short runs, and the epochs of longer ones, are sent in a
few requests."""

MAX_STALL, MAX_LOCAL_STALL = 20.0, 120.0
"""Seconds for which the end of a sweep waits without any progress, for a server and for a local store."""


def describe_missing_files(runs: int, error: Exception) -> str:
    """Say that MLflow refuses the files of some runs."""
    return (
        f"MLflow at {redact_uri(tracking_uri())} has all numbers, but not the files (weights, settings, samples) of "
        f"{runs} {'run' if runs == 1 else 'runs'}: {describe_error(error)}."
    )


def describe_name(store: Store) -> str | None:
    """A line for the user if an experiment could not get the name of its study, as another folder has it; or None."""
    study = store.requested.study
    if store.name == study:
        return None
    return (
        f'At {redact_uri(tracking_uri())}, the experiment "{study}" is not from this folder; the runs of this study '
        f'are in "{store.name}".'
    )


class Mirror:
    """Within its context, sends every run of a study as it is recorded; at the end, everything that is still missing.

    Attributes:
        waiting: runs of which MLflow may lack something; a dict, since its keys keep their order. After the context,
            it is empty if everything was sent.
        unfiled: runs of which MLflow may lack only files. What it refuses stays here.
        live: runs that this sweep has started and not given up; until they end, they are RUNNING in MLflow.
        experiment: MLflow's id of the study's experiment, once it is known.
        is_unusable: whether MLflow cannot be opened until the user changes something.
        is_needed: whether anything may have to be sent; if not, MLflow is not even imported.
    """

    def __init__(self, requested: RequestedRuns, record: Record, warn: Callable[[str], None]) -> None:
        self.requested, self.record, self.warn = requested, record, warn
        keep_apart_from_copies(record.root, warn)
        last = find_last_sync(requested, record)
        self.is_needed, self.experiment = last is None, last.experiment if last else None
        # The ids of runs that have changed; None ends the thread. Not a Queue, whose `put` is written in Python: a
        # Ctrl-C inside it can lose the wake-up, and `__exit__` would then wait for the thread forever.
        self.changes: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        # A daemon: a request that hangs must not keep the process alive once `__exit__` has given up.
        self.thread = threading.Thread(target=self._run, name="ablate mirror", daemon=True)
        self.store: Store | None = None  # what MLflow is known to have; None: to be read (again) from MLflow
        # All runs to begin with, since earlier sweeps may have left something unsent. From here on, only the thread
        # changes `waiting`. The sweep changes `live`, by single operations on a set, which need no lock.
        self.waiting: dict[str, None] = dict.fromkeys(requested.all_runs() if self.is_needed else ())
        self.unfiled: dict[str, None] = {}
        self.live: set[str] = set()
        self.retry_delay, self.send_at = 0.0, 0.0
        self.last_progress = 0.0
        self.has_warned = self.is_unusable = False
        self.files_error: Exception | None = None

    def __call__(self, run: Run, event: Event) -> None:
        """Note that the record of a run has changed; called by the sweep after each event."""
        if isinstance(event, Stopped | Abandoned):
            self.live.discard(run.id)
        else:
            self.live.add(run.id)
        self.is_needed = True
        self.changes.put(run.id)

    def __enter__(self) -> Mirror:
        try:
            if self.is_needed:
                probe(writing=True)  # so that what is wrong is reported before hours of training, not after
        except OSError as error:
            self._retry_later(error)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._note_progress()  # the time limit counts from here
        self.changes.put(None)
        # Wait while there is progress. The short timeout of `join` lets this loop check for that, and notice a Ctrl-C.
        limit = MAX_STALL if is_remote() else MAX_LOCAL_STALL
        while self.thread.is_alive() and time.monotonic() - self.last_progress <= limit:
            self.thread.join(0.2)
        if self.waiting and not self.is_unusable:
            self.warn("Some of this study was not sent to MLflow; `ablate sync` sends the rest.")
        elif self.unfiled:
            error = self.files_error or TimeoutError("they were not sent in time")
            self.warn(f"{describe_missing_files(len(self.unfiled), error)} {SENT_LATER}")

    def _run(self) -> None:
        """Send until the sweep ends, and then once more, whatever the delays say."""
        is_sweeping = True
        while is_sweeping:
            is_sweeping = self._wait_for_changes()
            if not is_sweeping and (self.is_unusable or not self.is_needed):
                return
            if not is_sweeping:
                # The last pass compares every run: one that was interrupted is no longer RUNNING, although no event
                # says so, and a search has added runs meanwhile.
                self.live.clear()
                others = [run_id for run_id in self.requested.all_runs() if run_id not in self.waiting]
                self.waiting = dict.fromkeys([*others, *self.waiting])  # what was refused comes last
            if time.monotonic() >= self.send_at or not is_sweeping:
                self.send_at = time.monotonic() + MIN_INTERVAL
                # files that were refused are sent again only at the end, since each attempt can take long
                self._send(files=not self.files_error or not is_sweeping)

    def _wait_for_changes(self) -> bool:
        """Wait until a run has changed, or what is waiting can be sent. Returns False once the sweep has ended."""
        # If nothing is waiting, only a change can give the thread something to do.
        is_waiting = bool(self.waiting) and not self.is_unusable
        timeout = max(0.0, self.send_at - time.monotonic()) if is_waiting else None
        with suppress(queue.Empty):
            while True:
                run_id = self.changes.get(timeout=timeout)
                if run_id is None:
                    return False
                self.waiting[run_id] = None
                timeout = 0  # take what else is queued, so that many changes of one run are sent together
        return True

    def _send(self, *, files: bool) -> None:
        """Send what is waiting; after an error, read anew what MLflow has before the next attempt."""
        try:
            if self.store is None:
                self.store = Store(self.requested, self.record)
                self._say_name(self.store)
            self.experiment = self.store.experiment
            self._note_progress()
            self.store.send_all(self.waiting, self.unfiled, self.live, on_sent=self._note_progress, files=files)
            self.files_error = self.store.files_error or self.files_error
            self.retry_delay = 0.0
        except Exception as error:
            self._retry_later(error)

    def _say_name(self, store: Store) -> None:
        """Say once that the experiment does not have the name of the study."""
        if self.experiment is None and (sentence := describe_name(store)):
            self.warn(sentence)

    def _note_progress(self) -> None:
        self.last_progress = time.monotonic()

    def _retry_later(self, error: Exception) -> None:
        """Schedule the next attempt, and warn, but only once in a sweep."""
        self.is_unusable = self.store is None and is_permanent(error)
        self.store = None  # after an error it is unknown how much of the last request MLflow has processed
        self.retry_delay = min(max(MIN_RETRY_DELAY, 2 * self.retry_delay), MAX_RETRY_DELAY)
        self.send_at = math.inf if self.is_unusable else time.monotonic() + self.retry_delay
        if not self.has_warned:
            when = "by `ablate sync`" if is_permanent(error) else "as soon as MLflow answers again"
            self.warn(
                f"MLflow at {redact_uri(tracking_uri())} cannot be updated now ({describe_error(error)}). Nothing is "
                f"lost: the runs continue, and what is missing there is sent {when}."
            )
        self.has_warned = True
