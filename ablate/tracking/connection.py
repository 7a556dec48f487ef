"""The address of MLflow, and a connection to it that fails within seconds, prints nothing and shows no password."""

from __future__ import annotations

import logging
import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

PROBE_SECONDS = 3
"""How long a server may take to answer the request that checks whether it is up."""

PORT = 5000
"""The default port of `ablate ui`."""

PAGE_MODE = "workflowType=machine_learning"
"""Part of each address: without it, MLflow opens its pages in a mode that shows no numbers."""

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # fails within seconds; with MLflow's default it takes four minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI` if it is set, else the SQLite file that plain `mlflow ui` opens in the current folder.

    The path is absolute: MLflow caches open stores by their addresses, and the current folder can change.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_default_store()}"


def _default_store() -> Path:
    return Path.cwd() / "mlflow.db"


def local_store() -> Path | None:
    """The file of MLflow's store in the current folder; None if the store is elsewhere."""
    return _default_store() if tracking_uri() == f"sqlite:///{_default_store()}" else None


def store_exists() -> bool:
    """Whether MLflow's store exists; a store that is not the local file is assumed to exist."""
    path = local_store()
    return path is None or path.exists()


def is_remote() -> bool:
    """Whether MLflow is a server, which can be down, and not a file."""
    return tracking_uri().startswith("http")


def connect() -> MlflowClient:
    """Return a client of MLflow, whose local store is created if there is none.

    Raises:
        OSError: MLflow is a server that does not answer.
    """
    probe()
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    if not store_exists():
        _create_store(_default_store())
    return MlflowClient(tracking_uri=tracking_uri())


def probe() -> None:
    """Raise an OSError within seconds if MLflow is a server that does not answer."""
    if not is_remote():
        return
    import http.client
    import urllib.error
    import urllib.request

    try:
        urllib.request.urlopen(f"{redact_uri(tracking_uri()).rstrip('/')}/health", timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError as answer:
        with answer:
            if answer.code >= 500:
                raise ConnectionError(f"the server answers with HTTP status {answer.code}") from None
    except (http.client.HTTPException, ValueError) as error:  # not a web server, or not a valid address
        raise ConnectionError(f"{type(error).__name__}: {error}") from None


def _create_store(path: Path) -> None:
    """Create the store under a temporary name and rename it once it is complete.

    MLflow cannot repair a store whose creation was interrupted.
    """
    from mlflow import MlflowClient

    for stale in path.parent.glob(f".{path.name}.*"):
        stale.unlink()
    unfinished = path.with_name(f".{path.name}.{time.time_ns()}")  # unique: MLflow caches by address
    MlflowClient(tracking_uri=f"sqlite:///{unfinished}").search_experiments()
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
