"""A worker process: trains the runs that its driver sends, one after another, until the driver is gone.

It is a module of ours, not a copy of the program that sweeps, so a script needs no `if __name__ == "__main__"`. The
driver (`local.START`) starts it with -P: no file of the current folder is imported in place of a module.
"""

from __future__ import annotations

import os
import threading
from multiprocessing.connection import Connection

from ablate.executors.worker import perform


def main(connection: int, lifeline: int, device: str) -> None:
    """Train what comes through the connection, and send back its events.

    Args:
        connection, lifeline: file descriptors that the driver leaves open for it.
        device: where to train.
    """
    threading.Thread(target=_end_with_the_driver, args=(lifeline,), daemon=True).start()
    driver = Connection(connection)
    try:
        while True:
            run, checkpoint = driver.recv()
            for event in perform(run, checkpoint, device):
                driver.send(event)
    except (EOFError, OSError):
        return


def _end_with_the_driver(lifeline: int) -> None:
    """However the driver ends, kill -9 included, nothing trains on without it."""
    os.read(lifeline, 1)  # nothing is ever written: it returns when the driver's end is closed
    os._exit(1)
