"""A thread of the driver that tells MLflow of a sweep, live, and later what it could not be told."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType

from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.settings import Run
from ablate.tracking.connection import is_remote, probe, shown_uri, tracking_uri, why
from ablate.tracking.store import Store
from ablate.training.events import Event, Stopped

FIRST_WAIT, LONGEST_WAIT = 2.0, 60.0
"""Seconds after which a server that was away is tried again; doubled each time."""

GRACE = 20.0
"""Seconds that a sweep's end waits for a server that makes no progress."""


class Mirror:
    """Within its context, tells MLflow of every run of a study as it is recorded; at the end, of all it has missed."""

    def __init__(self, requested: RequestedRuns, record: Record, warn: Callable[[str], None]) -> None:
        self.requested, self.record, self.warn = requested, record, warn
        self.experiment: str | None = None
        # not a Queue: a Ctrl-C inside its `put` can lose the wake-up, and then this thread is waited for in vain
        self.news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="ablate mirror", daemon=True)
        self.store: Store | None = None
        self.waiting: dict[str, None] = dict.fromkeys(
            requested.all_runs()
        )  # of any of them it may have missed something
        self.live: set[str] = set()
        self.wait, self.next_try = 0.0, 0.0
        self.progress = 0.0
        self.warned = False

    def __call__(self, run: Run, event: Event) -> None:
        """Take note that the record of a run has changed."""
        if isinstance(event, Stopped):
            self.live.discard(run.id)
        else:
            self.live.add(run.id)
        self.news.put(run.id)

    def __enter__(self) -> Mirror:
        try:
            probe()
        except OSError as error:
            self._away(error)
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._moved()
        self.news.put(None)
        while self.thread.is_alive() and not (is_remote() and time.monotonic() - self.progress > GRACE):
            self.thread.join(0.2)
        if self.waiting:
            self.warn("MLflow has not been told all of this study; `ablate sync` tells it the rest.")

    def _work(self) -> None:
        going_on = True
        while going_on:
            going_on = self._hear()
            if not going_on:
                self.live.clear()
                self.waiting = dict.fromkeys(self.requested.all_runs())
            if time.monotonic() >= self.next_try or not going_on:
                self._tell()

    def _hear(self) -> bool:
        """Wait for news, or until MLflow is to be tried again; False at the end."""
        patience = max(0.0, self.next_try - time.monotonic()) if self.waiting else None
        with suppress(queue.Empty):
            while True:
                run_id = self.news.get(timeout=patience)
                if run_id is None:
                    return False
                self.waiting[run_id] = None
                patience = 0
        return True

    def _tell(self) -> None:
        """Tell what waits; whatever MLflow does, the training goes on, and it is asked again later what it has."""
        try:
            self.store = self.store or Store(self.requested, self.record)
            self.experiment = self.store.experiment
            self._moved()
            self.store.tell_all(self.waiting, self.live, on_told=self._moved)
            self.wait = 0.0
        except Exception as error:
            self._away(error)

    def _moved(self) -> None:
        self.progress = time.monotonic()

    def _away(self, error: Exception) -> None:
        self.store = None
        self.wait = min(max(FIRST_WAIT, 2 * self.wait), LONGEST_WAIT)
        self.next_try = time.monotonic() + self.wait
        if not self.warned:
            self.warn(
                f"MLflow at {shown_uri(tracking_uri())} cannot be told now ({why(error)}). Nothing is lost: the runs "
                "go on, and it is told what it missed as soon as it answers."
            )
        self.warned = True
