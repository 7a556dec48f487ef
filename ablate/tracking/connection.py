"""Where MLflow is, and how it is reached: quickly, quietly, and without showing a password."""

from __future__ import annotations

import http.client
import logging
import os
import re
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

PROBE_SECONDS = 3
"""How long a server may take to say that it is there."""

PORT = 5000
"""Where MLflow's page is served if nothing else is asked for."""

MODE = "workflowType=machine_learning"
"""Without it MLflow's page opens in another mode, which shows no numbers."""

SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # seconds where a server is down; MLflow's own default takes four minutes
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_LOGGING_LEVEL": "WARNING",
}


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or the file in the current folder where a bare `mlflow ui` looks.

    Absolute, since MLflow keeps the stores that it has opened by their addresses.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{_own_store()}"


def _own_store() -> Path:
    return Path.cwd() / "mlflow.db"


def store_exists() -> bool:
    """Whether there is a store, as far as that can be known without opening it."""
    return tracking_uri() != f"sqlite:///{_own_store()}" or _own_store().exists()


def is_remote() -> bool:
    """Whether MLflow is a server that may be away, not a file."""
    return tracking_uri().startswith("http")


def connect() -> MlflowClient:
    """A client of an MLflow that is there.

    Raises:
        OSError: it is a server, and does not answer.
    """
    probe()
    for name, value in SETTINGS.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    if tracking_uri() == f"sqlite:///{_own_store()}" and not _own_store().exists():
        _make_store(_own_store())
    return MlflowClient(tracking_uri=tracking_uri())


def probe() -> None:
    """Raise an OSError within seconds if MLflow is a server that does not answer."""
    if not is_remote():
        return
    try:
        urllib.request.urlopen(f"{shown_uri(tracking_uri()).rstrip('/')}/health", timeout=PROBE_SECONDS).close()
    except urllib.error.HTTPError as answer:
        with answer:
            if answer.code >= 500:
                raise ConnectionError(f"it answers {answer.code}") from None
    except (http.client.HTTPException, ValueError) as error:  # no web server, or no address of one
        raise ConnectionError(f"{type(error).__name__}: {error}") from None


def _make_store(path: Path) -> None:
    """A new store appears whole: one whose making was cut off could never be used again."""
    from mlflow import MlflowClient

    for stale in path.parent.glob(f".{path.name}.*"):
        stale.unlink()
    unfinished = path.with_name(f".{path.name}.{time.time_ns()}")  # MLflow keeps what it has opened by its address
    MlflowClient(tracking_uri=f"sqlite:///{unfinished}").search_experiments()
    os.replace(unfinished, path)


def shown_uri(uri: str) -> str:
    """A URI without the user name, the password and the query that may stand in it, else as it was given."""
    return re.sub(r"(?<=//)[^/]*@", "", uri).partition("?")[0]


def why(error: Exception) -> str:
    """An error of MLflow in one line that shows no password."""
    text = f"{type(error).__name__}: {error}".replace(tracking_uri(), shown_uri(tracking_uri()))
    secrets = re.findall(r"(?<=//)[^/]*(?=@)|(?<=\?).+", tracking_uri())
    for secret in secrets:
        text = text.replace(secret, "…")
    return text.splitlines()[0][:200]


def page(experiment: str | None = None, view: str | None = None) -> str:
    """The part of an address that leads to an experiment, in a prepared view of it, or to all experiments."""
    where = f"#/experiments/{experiment}/runs" if experiment else "#/experiments"
    return f"{where}?{MODE}" + (f"&viewStateShareKey={view}" if view else "")


def file_page(experiment: str, run_id: str, name: str) -> str:
    """The part of an address that leads to a file of a run."""
    return f"#/experiments/{experiment}/runs/{run_id}/artifacts/{name}?{MODE}"


def server_address() -> str:
    """The address of a tracking server, without what is secret in it."""
    return shown_uri(tracking_uri()).rstrip("/")


def address(experiment: str, view: str | None = None) -> str:
    """What to type or open to see an experiment: the tracking server's page, or `ablate ui` and its page."""
    if is_remote():
        return f"{server_address()}/{page(experiment, view)}"
    return f"ablate ui, then http://127.0.0.1:{PORT}/{page(experiment, view)}"
