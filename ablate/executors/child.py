"""A worker process, which trains the runs that its driver sends, one after another, until the driver is gone.

The process runs this module, not a copy of the driver's program, as `multiprocessing` would. So a user's script needs
no `if __name__ == "__main__"`. The driver starts it with `-P` (see `local.START`), so that no file in the current
folder is imported in place of a module.
"""

from __future__ import annotations

import os
import threading
from multiprocessing.connection import Connection

from ablate.executors.worker import perform


def main(connection: int, lifeline: int, device: str) -> None:
    """Train the runs that arrive through the connection, and send their events back.

    Args:
        connection: file descriptor of the connection to the driver.
        lifeline: file descriptor of a pipe whose other end the driver holds open for as long as it lives.
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
    """End this process when the driver ends, however it ends: after `kill -9` it cannot say goodbye."""
    os.read(lifeline, 1)  # nothing is ever written to it, so this returns when the system closes the driver's end
    os._exit(1)
