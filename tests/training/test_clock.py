"""A clock that stands still while its process is suspended."""

import signal
import subprocess
import sys
import time

import pytest

from ablate.training.clock import CLOCK, LATE, TICK

PROGRAM = """
from ablate.training.clock import CLOCK, LATE, TICK
import contextlib, time
with {watcher}:
    began, real = CLOCK.seconds(), time.monotonic()
    print("ready", flush=True)
    while time.monotonic() - real < 2 * LATE:
        time.sleep(TICK)
    print(CLOCK.seconds() - began, time.monotonic() - real)
"""


@pytest.mark.parametrize(("watcher", "counts"), [("CLOCK.watched()", False), ("contextlib.nullcontext()", True)])
def test_a_suspension_does_not_count_if_the_clock_is_watched(watcher: str, counts: bool) -> None:
    pause = 2 * LATE
    program = [sys.executable, "-c", PROGRAM.format(watcher=watcher)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(pause)
        process.send_signal(signal.SIGCONT)
        counted, real = map(float, process.stdout.read().split())
    assert real >= pause
    assert (real - counted < LATE) == counts


@pytest.mark.slow
def test_what_takes_long_in_a_watched_process_counts() -> None:
    with CLOCK.watched():
        began = CLOCK.seconds()
        time.sleep(LATE + 2 * TICK)
        counted = CLOCK.seconds() - began
    assert counted > LATE


def test_what_passes_before_and_after_watching_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    began = CLOCK.seconds()
    with CLOCK.watched():
        now += TICK
    now += 10 * LATE
    assert CLOCK.seconds() - began == TICK + 10 * LATE
