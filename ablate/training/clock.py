"""A clock that stands still while this process is suspended, by Ctrl-Z or SIGSTOP."""

from __future__ import annotations

import threading
import time

TICK, LATE = 0.5, 2.0
"""Seconds between two looks at a clock, and those after which a look is late because the process was suspended."""


class Clock:
    """Seconds since some moment, without suspensions if somebody looks at the clock all the time, from any thread.

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

    def _read(self) -> float:
        now = time.monotonic()
        if self.last_look is not None and now - self.last_look > LATE:
            self.suspended += now - self.last_look
            self.last_look = now
        return now - self.suspended


CLOCK = Clock()
"""The clock of what is trained in this process. In a worker, a thread looks at it."""
