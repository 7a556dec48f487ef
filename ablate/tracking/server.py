"""MLflow's own web server for the store of this folder, reachable from this machine only, with a single worker."""

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
from ablate.executors.processes import NO_LOCAL_MODULES
from ablate.tracking.connection import SETTINGS, tracking_uri

HOST = "127.0.0.1"

NO_JOBS = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
"""With job execution and several workers, MLflow starts a dozen processes that take two gigabytes."""

APP_DIR = {"UVICORN_APP_DIR": os.path.dirname(os.__file__)}
"""Where uvicorn looks for modules first: by default the current folder. The standard library adds none."""

POLL_SECONDS = 0.2
"""How long to wait between two requests that check whether the server is up."""

STOP_SECONDS = 10.0
"""How long a server has to stop after SIGTERM, before it is killed."""

ANSWER_SECONDS = 10.0
"""How long a server has to answer a request."""


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server and wait until it answers; leaving the context stops it.

    Raises:
        AblateError: the port is taken, or the server does not start.
    """
    _check_port(port)
    # the store is passed by the environment, since other users can see commands, and its URI can hold a password
    environment = SETTINGS | dict(os.environ) | NO_JOBS | NO_LOCAL_MODULES | APP_DIR
    environment["MLFLOW_BACKEND_STORE_URI"] = tracking_uri()
    command = [sys.executable, "-m", "mlflow", "server", "--host", HOST, "--port", str(port), "--workers", "1"]
    with tempfile.TemporaryFile() as output:
        # in a session of its own: Ctrl-C then reaches only this process, which stops the server in order
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait_until_ready(process, port, output)
            yield process
        finally:
            _stop(process)


def _check_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise AblateError(f"port {port} cannot be used ({reason}); choose a free one with --port") from None


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, output: IO[bytes]) -> None:
    """Wait until the server answers, or raise an error if it has exited."""
    while True:
        try:
            urllib.request.urlopen(f"http://{HOST}:{port}/health", timeout=ANSWER_SECONDS).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
        if process.poll() is not None:
            output.seek(0)
            last = output.read().decode(errors="replace").strip().splitlines()[-1:] or ["it printed nothing"]
            raise AblateError(f"MLflow's server did not start: {last[0]}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server and all its processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
