"""Signals that end a command."""

import shutil
import signal
import subprocess
import sys

import pytest

from ablate.executors.signals import ending_as_by_ctrl_c, left_to_the_driver

BOTH = pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])


@BOTH
def test_a_signal_does_what_ctrl_c_does(number: signal.Signals) -> None:
    before = signal.getsignal(number)
    with ending_as_by_ctrl_c(), pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert signal.getsignal(number) is before


@BOTH
def test_a_second_signal_does_not_interrupt_what_is_done_at_the_end(number: signal.Signals) -> None:
    with ending_as_by_ctrl_c():
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(number)
        with pytest.raises(KeyboardInterrupt):  # Ctrl-C does
            signal.raise_signal(signal.SIGINT)


@BOTH
def test_a_signal_that_is_ignored_stays_so(number: signal.Signals) -> None:
    before = signal.signal(number, signal.SIG_IGN)
    try:
        with ending_as_by_ctrl_c():
            signal.raise_signal(number)
            assert signal.getsignal(number) is signal.SIG_IGN
    finally:
        signal.signal(number, before)


def test_a_signal_in_the_moment_in_which_a_process_starts_is_not_lost() -> None:
    with ending_as_by_ctrl_c(), pytest.raises(KeyboardInterrupt), left_to_the_driver():
        signal.raise_signal(signal.SIGTERM)


def test_a_process_that_is_left_to_its_driver_lives_on() -> None:
    with left_to_the_driver():
        process = subprocess.Popen([sys.executable, "-c", "input(); print('alive')"], stdin=-1, stdout=-1, text=True)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process.send_signal(number)
    assert process.communicate("\n")[0] == "alive\n"


AS_PROCESS_1 = """
import os, signal
from ablate.executors.signals import ending_as_by_ctrl_c

assert os.getpid() == 1
try:
    with ending_as_by_ctrl_c():
        os.kill(1, signal.SIGTERM)  # the system ignores a signal that process 1 does not handle
except KeyboardInterrupt:
    print("interrupted")
"""


def can_make_a_namespace() -> bool:
    return (
        shutil.which("unshare") is not None
        and subprocess.call(["unshare", "--fork", "--pid", "true"], stderr=subprocess.DEVNULL) == 0
    )


@pytest.mark.skipif(not can_make_a_namespace(), reason="this user may not make a namespace of processes")
def test_process_1_of_a_container_is_ended_too() -> None:
    command = ["unshare", "--fork", "--pid", sys.executable, "-c", AS_PROCESS_1]
    assert subprocess.run(command, capture_output=True, text=True, check=False).stdout == "interrupted\n"
