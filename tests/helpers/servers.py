"""Servers on the loopback interface: MLflow's, and PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from tests.helpers.clusters import wait_until

POSTGRES = "postgres"
"""The user that Debian's package makes: PostgreSQL refuses to run as root."""


def free_port() -> str:
    """A port that nothing listens on now."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


class Server:
    """`mlflow server`; its files in `folder`, and its store too, unless another address is given."""

    def __init__(self, folder: Path, store: str | None = None, workers: int = 1) -> None:
        self.port, self.folder, self.workers = free_port(), folder, workers
        self.address = f"http://127.0.0.1:{self.port}"
        self.store = store or f"sqlite:///{self.folder / 'server.db'}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers."""
        store = ["--backend-store-uri", self.store]
        artifacts = ["--serve-artifacts", "--artifacts-destination", str(self.folder / "artifacts")]
        words = ["--host", "127.0.0.1", "--port", self.port, "--workers", str(self.workers), *store, *artifacts]
        environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
        with open(self.folder / "server.out", "ab") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "mlflow", "server", *words],
                env=environment,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        while True:
            try:
                urlopen(f"{self.address}/health", timeout=5).close()
            except OSError:
                assert self.process.poll() is None, (self.folder / "server.out").read_text()
                time.sleep(0.2)
            else:
                return

    def stop(self) -> None:
        """Kill it with all its processes."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None


def find_postgres() -> Path | None:
    """The folder of PostgreSQL's programs, which Debian does not put into PATH; None if it is not installed."""
    versions = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    elsewhere = shutil.which("initdb")
    found = Path(elsewhere).resolve().parent if elsewhere else None
    return max(versions, default=found, key=lambda path: int(path.parent.name))


@contextmanager
def postgres_server(programs: Path) -> Iterator[str]:
    """PostgreSQL with an empty database; yields its address."""
    user = POSTGRES if os.getuid() == 0 else None
    with TemporaryDirectory(prefix="postgres-") as name:
        if user:
            shutil.chown(name, user)
        initdb = [
            str(programs / "initdb"),
            "--pgdata",
            f"{name}/data",
            "--username=mlflow",
            "--auth=trust",
            "--no-sync",
        ]
        subprocess.run([*initdb, "--encoding=UTF8", "--locale=C"], user=user, check=True, capture_output=True, cwd=name)
        port = free_port()
        words = ["-D", f"{name}/data", "-h", "127.0.0.1", "-p", port, "-k", name, "-F"]
        with open(f"{name}/out", "wb") as out:
            process = subprocess.Popen([programs / "postgres", *words], user=user, stdout=out, stderr=out, cwd=name)
        try:
            command = [str(programs / "createdb"), "-h", "127.0.0.1", "-p", port, "-U", "mlflow", "mlflow"]
            wait_until(lambda: subprocess.run(command, capture_output=True).returncode == 0)
            yield f"postgresql+psycopg2://mlflow@127.0.0.1:{port}/mlflow"
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: it ends its processes and connections
            process.wait()
