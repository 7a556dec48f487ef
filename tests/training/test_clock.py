"""A clock that stands still while its process is suspended."""

import signal
import subprocess
import sys
import time

import pytest

from ablate.training.clock import LATE

PROGRAM = """
from ablate.training.clock import CLOCK, LATE, TICK
import time
{look}
began, real = CLOCK.seconds(), time.monotonic()
print("ready", flush=True)
while time.monotonic() - real < 2 * LATE:
    {look}
    time.sleep(TICK)
print(CLOCK.seconds() - began, time.monotonic() - real)
"""


@pytest.mark.parametrize(("look", "counts"), [("CLOCK.look()", False), ("pass", True)])
def test_a_suspension_does_not_count_if_somebody_looks(look: str, counts: bool) -> None:
    pause = 2 * LATE
    program = [sys.executable, "-c", PROGRAM.format(look=look)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGSTOP)
        time.sleep(pause)
        process.send_signal(signal.SIGCONT)
        counted, real = map(float, process.stdout.read().split())
    assert real >= pause
    assert (real - counted < LATE) == counts
