"""A clock that stands still while this process is suspended, by Ctrl-Z or SIGSTOP."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

TICK, LATE = 0.5, 2.0
"""Seconds between two looks at a clock, and seconds after which a look is so late that the process was suspended."""


class Clock:
    """Seconds since some moment, without suspensions if somebody looks at the clock all the time (`watched`).

    >>> clock = Clock()
    >>> began = clock.seconds()
    >>> 0.0 <= clock.seconds() - began < 60.0
    True
    """

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.suspended = 0.0
        self.last_look: float | None = None

    def seconds(self) -> float:
        """Seconds since some moment."""
        with self.lock:
            return self._read()

    def look(self) -> None:
        """Look at the clock, from now on every `TICK` seconds. What then passes without a look does not count."""
        with self.lock:
            self._read()
            self.last_look = time.monotonic()

    @contextmanager
    def watched(self) -> Iterator[None]:
        """A context in which a thread looks at the clock, so that suspensions of the process do not count."""
        ended = threading.Event()

        def watch() -> None:
            while not ended.wait(TICK):
                self.look()

        thread = threading.Thread(target=watch, name="ablate clock", daemon=True)
        self.look()
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            with self.lock:
                self._read()
                self.last_look = None  # from now on nobody looks

    def _read(self) -> float:
        now = time.monotonic()
        if self.last_look is not None and now - self.last_look > LATE:
            self.suspended += now - self.last_look
            self.last_look = now
        return now - self.suspended


CLOCK = Clock()
"""The clock of what is trained in this process. In a worker, a thread looks at it."""
