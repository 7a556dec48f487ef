"""Signals that end a command: SIGTERM and SIGHUP do what Ctrl-C does, and workers leave all three to their driver."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

LIKE_CTRL_C = (signal.SIGTERM, signal.SIGHUP)


@contextmanager
def ending_as_by_ctrl_c() -> Iterator[None]:
    """A context in which SIGTERM and SIGHUP raise `KeyboardInterrupt`, for process 1 of a container, too.

    A signal that is ignored, as SIGHUP is after `nohup`, stays so. Only the first one counts: `timeout` sends it
    twice, and so may a terminal that closes, which would otherwise interrupt what is done at the end. Ctrl-C can.
    """
    before = {number: signal.getsignal(number) for number in LIKE_CTRL_C}
    ours = [number for number, handler in before.items() if handler not in (signal.SIG_IGN, None)]

    def interrupt(number: int, frame: FrameType | None) -> None:
        for other in ours:
            signal.signal(other, signal.SIG_IGN)
        raise KeyboardInterrupt

    for number in ours:
        signal.signal(number, interrupt)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])


@contextmanager
def left_to_the_driver() -> Iterator[None]:
    """A context in which started processes never see the signals that end a command: their driver ends them.

    The signals are blocked, which a process inherits, and not ignored: one that arrives meanwhile is not lost.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, *LIKE_CTRL_C))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
