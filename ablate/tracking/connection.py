"""The address of MLflow, and a connection to it that fails within seconds, prints nothing and shows no password."""

from __future__ import annotations

import logging
import os
import re
import time
import warnings
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

if TYPE_CHECKING:
    from sqlite3 import Connection

    from mlflow import MlflowClient

CONNECT_SECONDS, ANSWER_SECONDS = 3.0, 5.0
"""How long a server may take to be reached, and to answer, when it is checked whether it is up."""

PORT = 5000
"""The default port of `ablate ui`."""

PAGE_MODE = "workflowType=machine_learning"
"""Part of each address: without it, MLflow opens its pages in a mode that shows no numbers."""

OPENING_ATTEMPTS = 3
"""How often MLflow tries to open a database; its own number takes more than a minute and a half."""

SETTINGS = {  # used where the user has not set them
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # fails within seconds; with MLflow's default it takes four minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",  # a server can ask for a wait of hours
    "MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT": "60",  # of files on Azure and Google; the default is ten minutes
    "AWS_MAX_ATTEMPTS": "2",  # of files on S3, each with its own limit of a minute; the default is five
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",  # one for each file
}


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI` if it is set, else the SQLite file that plain `mlflow ui` opens in the current folder.

    The path is absolute: MLflow caches open stores by their addresses, and the current folder can change.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or sqlite_address(_default_store())


def _default_store() -> Path:
    return Path.cwd() / "mlflow.db"


def sqlite_address(path: Path) -> str:
    """The address at which MLflow opens a SQLite file.

    In addresses, `?` ends the path and `%` begins a code, so a path that has them is quoted, and the driver is named:
    without it, MLflow would make the folder of the quoted path.

    Examples:
        >>> sqlite_address(Path("/data/my study/mlflow.db"))
        'sqlite:////data/my study/mlflow.db'
        >>> sqlite_address(Path("/data/50%20off/mlflow.db"))
        'sqlite+pysqlite:////data/50%2520off/mlflow.db'
    """
    needs_quotes = set("?%#") & set(str(path))
    return f"sqlite+pysqlite:///{quote(str(path))}" if needs_quotes else f"sqlite:///{path}"


def local_store() -> Path | None:
    """The file of MLflow's store; None if the store is not a SQLite file."""
    found = re.fullmatch(r"sqlite(?:\+pysqlite)?:///(?!:memory:|file:)([^?]+).*", tracking_uri())
    return Path.cwd() / unquote(found[1]) if found else None


def is_default_store() -> bool:
    """Whether MLflow's store is the file that plain `mlflow ui` opens in the current folder."""
    return local_store() == _default_store()


def store_exists() -> bool:
    """Whether MLflow's store exists; a store that is not a SQLite file is assumed to exist."""
    path = local_store()
    return path is None or path.exists()


def artifact_location(folder: Path) -> str | None:
    """Where MLflow puts the files of an experiment: into this folder, if its store is a file.

    A server or another database decides that itself; None leaves it to them.
    """
    return Path.cwd().joinpath(folder).as_uri() if local_store() else None


def is_remote() -> bool:
    """Whether MLflow is a server, which can be down, and not a file."""
    return tracking_uri().startswith("http")


def connect() -> MlflowClient:
    """Return a client of MLflow, whose local store is created if there is none.

    The client of a server sends nothing yet: each of its requests has an end of its own (`SETTINGS`).

    Raises:
        sqlite3.Error: the local store cannot be used.
    """
    path = local_store()
    if path and path.exists():
        open_file(path).close()
    use_settings()
    from mlflow import MlflowClient
    from mlflow.store.db import utils

    utils.MAX_RETRY_COUNT = OPENING_ATTEMPTS
    logging.getLogger("alembic").setLevel(logging.WARNING)
    logging.getLogger(utils.__name__).setLevel(logging.CRITICAL)  # it prints the traceback of what it then raises
    if path and not path.exists():
        _create_store(path)
    return MlflowClient(tracking_uri=tracking_uri())


def use_settings() -> None:
    """Give MLflow those of `SETTINGS` that the user has not set."""
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    # repeated for each request of a user who has set MLFLOW_TRACKING_INSECURE_TLS
    warnings.filterwarnings("ignore", "Unverified HTTPS request")


def open_file(path: Path) -> Connection:
    """Open the file of a store: MLflow would try again and again to open one that is damaged, or closed to the user.

    Transactions have to be begun.

    Raises:
        sqlite3.Error: it cannot be opened.
    """
    import sqlite3  # not at the top of the file: `ablate --help` does without

    store = sqlite3.connect(f"{path.as_uri()}?mode=rw", uri=True, timeout=ANSWER_SECONDS, isolation_level=None)
    try:
        store.execute("PRAGMA schema_version")
    except sqlite3.Error:
        store.close()
        raise
    return store


def _create_store(path: Path) -> None:
    """Create the store under a temporary name and rename it once it is complete.

    MLflow cannot repair a store whose creation was interrupted.
    """
    from mlflow import MlflowClient

    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(f".{escape(path.name)}.*"):
        stale.unlink()
    unfinished = path.with_name(f".{path.name}.{time.time_ns()}")  # unique: MLflow caches by address
    MlflowClient(tracking_uri=sqlite_address(unfinished)).search_experiments()
    os.replace(unfinished, path)


def redact_uri(uri: str) -> str:
    """Remove the user name, the password and the query from a URI, and leave the rest as it is."""
    return re.sub(r"(?<=//)[^/]*@", "", uri).partition("?")[0]


def page(experiment: str | None = None, view: str | None = None) -> str:
    """What follows the server in an address: an experiment, in a prepared view if one is given, or all of them."""
    where = f"#/experiments/{experiment}/runs" if experiment else "#/experiments"
    return f"{where}?{PAGE_MODE}" + (f"&viewStateShareKey={view}" if view else "")


def file_page(experiment: str, run_id: str, name: str) -> str:
    """What follows the server in the address of a file of a run."""
    return f"#/experiments/{experiment}/runs/{run_id}/artifacts/{name}?{PAGE_MODE}"


def server_address() -> str:
    """The address of the tracking server, without user name and password."""
    return redact_uri(tracking_uri()).rstrip("/")


def address(experiment: str, view: str | None = None) -> str:
    """How to see an experiment: its page on the tracking server, or `ablate ui` and the page that it then serves."""
    if is_remote():
        return f"{server_address()}/{page(experiment, view)}"
    return f"ablate ui, then http://127.0.0.1:{PORT}/{page(experiment, view)}"
