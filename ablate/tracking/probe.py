"""Checks within seconds that MLflow can be used. If its store is a file, without importing it."""

from __future__ import annotations

import errno
import os
from contextlib import closing, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.tracking.connection import (
    ANSWER_SECONDS,
    CONNECT_SECONDS,
    connect,
    is_remote,
    local_store,
    open_file,
    tracking_uri,
    use_settings,
)
from ablate.tracking.schema import latest_version

if TYPE_CHECKING:
    from sqlite3 import Connection


def probe(*, writing: bool = False) -> None:
    """Check that MLflow can be used; with `writing`, also that a store in a file can be written to.

    Raises:
        OSError: MLflow is a server that does not answer as one, or a store that cannot be used.
    """
    try:
        if is_remote():
            _probe_server()
        elif path := local_store():
            _probe_file(path, writing=writing)
        else:
            connect()
    except Exception as error:  # of whatever kind: MLflow has its own, and so have the libraries that it uses
        raise ConnectionError(str(error)) from error


def _probe_server() -> None:
    """Send a request with MLflow's own client: certificates, proxies and passwords are those of all later requests."""
    use_settings()
    from mlflow.utils.credentials import get_default_host_creds
    from mlflow.utils.rest_utils import http_request_safe

    http_request_safe(
        get_default_host_creds(tracking_uri()),
        "/api/2.0/mlflow/experiments/search",
        "POST",
        json={"max_results": 1},
        timeout=(CONNECT_SECONDS, ANSWER_SECONDS),
        max_retries=0,
    )


def _probe_file(path: Path, *, writing: bool) -> None:
    if not path.exists():
        folder = next(folder for folder in path.parents if folder.exists())
        if writing and not os.access(folder, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(folder))
        return
    with closing(open_file(path)) as store:
        _check_schema(store)
        if writing:
            _try_to_write(store)


def _try_to_write(store: Connection) -> None:
    """Raise the error of a store that cannot be written to. One that another process is writing to is fine."""
    import sqlite3  # not at the top of the file: `ablate --help` does without

    try:
        store.execute("BEGIN IMMEDIATE")
        store.execute('CREATE TABLE "ablate probe" (x)')  # begins the journal, in the folder of the file
        store.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise


def _check_schema(store: Connection) -> None:
    """Raise the error that MLflow would raise for a store of another version."""
    import sqlite3  # not at the top of the file: `ablate --help` does without

    found, latest = None, latest_version()
    with suppress(sqlite3.OperationalError):  # no such table: MLflow makes its tables in an empty file
        found = store.execute("SELECT version_num FROM alembic_version").fetchone()
    if found and latest and found[0] != latest:
        raise RuntimeError(f"Detected out-of-date database schema (found version {found[0]}, but expected {latest}).")
