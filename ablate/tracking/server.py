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
from ablate.tracking.connection import SETTINGS, redact_uri, tracking_uri
from ablate.tracking.errors import describe_error, is_permanent
from ablate.tracking.probe import probe

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

START_SECONDS = 180.0
"""How long a server has to start. It takes some seconds, or a minute on a machine that is busy."""

WITHOUT_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))
"""Opens addresses on this machine: a proxy, which the environment can name, would look for them on its own."""


@contextmanager
def serving(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server and wait until it answers; leaving the context stops it.

    Raises:
        AblateError: the port is taken, the store cannot be used, or the server does not start.
    """
    _check_port(port)
    _check_store()
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


def _check_store() -> None:
    try:
        probe()
    except OSError as error:
        where = redact_uri(tracking_uri())
        raise AblateError(f"MLflow at {where} cannot be used: {describe_error(error)}") from None


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, output: IO[bytes]) -> None:
    """Wait until the server answers.

    Raises:
        AblateError: it has exited, or does not answer in time.
    """
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        try:
            WITHOUT_PROXY.open(f"http://{HOST}:{port}/health", timeout=ANSWER_SECONDS).close()
            return
        except (urllib.error.URLError, OSError):
            time.sleep(POLL_SECONDS)
        if process.poll() is not None:
            raise AblateError(f"MLflow's server did not start: {_reason(output)}")
    raise AblateError(f"MLflow's server did not answer within {START_SECONDS:.0f} s of its start; {_reason(output)}")


def _reason(output: IO[bytes]) -> str:
    """Why a server did not start: an error that is recognised in what it printed, or its last line."""
    output.seek(0)
    text = output.read().decode(errors="replace").strip()
    error = ChildProcessError(text)
    if is_permanent(error):
        return describe_error(error)
    return f"it printed: {text.splitlines()[-1]}" if text else "it printed nothing"


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Stop the server and all its processes."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(STOP_SECONDS)
