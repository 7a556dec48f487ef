"""A worker process, which trains the runs that its driver sends, one after another, until the driver is gone.

The process runs this module, not a copy of the driver's program, as `multiprocessing` would. So a user's script needs
no `if __name__ == "__main__"`.
"""

from __future__ import annotations

import os
import select
import threading
from multiprocessing.connection import Connection

from ablate.errors import AblateError
from ablate.executors.processes import naming_limits
from ablate.executors.worker import find_fault, perform
from ablate.training.clock import CLOCK, TICK


def main(connection: int, lifeline: int, device: str) -> None:
    """Train the runs that arrive through the connection, and send their events back.

    Args:
        connection: file descriptor of the connection to the driver.
        lifeline: file descriptor of a pipe whose other end the driver holds open for as long as it lives.
        device: where to train. If that cannot be done here, an `AblateError` is sent instead of events.
    """
    driver = Connection(connection)
    try:
        if error := _prepare(lifeline, device):
            driver.send(error)
            return
        while True:
            run, checkpoint = driver.recv()
            for event in perform(run, checkpoint, device):
                driver.send(event)
    except (EOFError, OSError):
        return


def _prepare(lifeline: int, device: str) -> AblateError | None:
    """Start the thread that waits for the driver's end, and try the device. Errors here are not the run's fault."""
    try:
        with naming_limits():
            threading.Thread(target=_end_with_the_driver, args=(lifeline,), daemon=True).start()
    except AblateError as error:
        return error
    fault = find_fault(device)
    return AblateError(f"a worker cannot use {device}: {fault}") if fault else None


def _end_with_the_driver(lifeline: int) -> None:
    """End this process when the driver ends, however it ends: after `kill -9` it cannot say goodbye."""
    while not select.select([lifeline], [], [], TICK)[0]:  # ready only when the system closes the driver's end
        CLOCK.look()
    os._exit(1)
