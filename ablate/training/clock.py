"""A clock that stands still while this process is suspended, by Ctrl-Z or SIGSTOP."""

from __future__ import annotations

import threading
import time

TICK, LATE = 0.5, 2.0
"""Seconds between two looks at the clock, and those after which a look is late because the process was suspended."""


class _Clock:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.suspended = 0.0
        self.last_look: float | None = None

    def seconds(self) -> float:
        with self.lock:
            now = time.monotonic()
            if self.last_look is not None and now - self.last_look > LATE:
                self.suspended += now - self.last_look
                self.last_look = now
            return now - self.suspended

    def look(self) -> None:
        self.seconds()
        self.last_look = time.monotonic()


_clock = _Clock()


def seconds() -> float:
    """Seconds since some moment, without those in which this process was suspended, if somebody looks at the clock.

    >>> began = seconds()
    >>> 0.0 <= seconds() - began < 60.0
    True
    """
    return _clock.seconds()


def look() -> None:
    """Look at the clock; to be called every `TICK` seconds. What passes without a look does not count."""
    _clock.look()
