"""MLflow's own web server on this folder's store: on loopback, and as light as it can be."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from ablate.errors import AblateError
from ablate.tracking.connection import SETTINGS, tracking_uri

HOST = "127.0.0.1"

LIGHT = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""With it and more workers than one, MLflow takes a dozen processes and two gigabytes."""

POLL = 0.2
"""Seconds from one question whether the server is there to the next."""

PATIENCE = 10.0
"""Seconds that a server has to end when it is told to."""


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A server that answers; it ends with the context.

    Raises:
        AblateError: the port is taken, or the server does not start.
    """
    _check_port(port)
    # the store by the environment: other users of this machine see a command, and the store may need a password
    environment = SETTINGS | dict(os.environ) | LIGHT | {"MLFLOW_BACKEND_STORE_URI": tracking_uri()}
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    with tempfile.TemporaryFile() as said:
        # a session of its own: a Ctrl-C is for us, who then end it in order
        process = subprocess.Popen(command, env=environment, stdout=said, stderr=said, start_new_session=True)
        try:
            _wait(process, port, said)
            yield process
        finally:
            _end(process)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AblateError(f"port {port} cannot be used ({reason}); allowed: --port with a free one") from None


def _wait(process: subprocess.Popen[bytes], port: int, said: IO[bytes]) -> None:
    """Wait until the server answers."""
    while True:
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=PATIENCE).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL)
        if process.poll() is not None:
            said.seek(0)
            last = said.read().decode(errors="replace").strip().splitlines()[-1:] or ["it says nothing"]
            raise AblateError(f"MLflow's server did not start: {last[0]}")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the server with all its processes."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, how)
            process.wait(PATIENCE)
