"""Notes on what was sent to MLflow. They are for `ablate status` only; what counts is what MLflow has.

.ablate/told/<study>.json    the address it was sent to, and the status of each run there
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ablate.records.files import make_folder, read_json, write_json
from ablate.tracking.connection import redact_uri, tracking_uri

IN_MLFLOW = {
    "unfinished": "KILLED",
    "failed": "FAILED",
    "timed out": "FAILED",
    "finished": "FINISHED",
    "diverged": "FINISHED",
}
"""Recorded status -> MLflow's status, for a run that is not being trained."""


def save(root: Path, study: str, statuses: Mapping[str, str]) -> None:
    """Save the status that each run has in MLflow now."""
    path = root / "told" / f"{study}.json"
    facts = {"address": redact_uri(tracking_uri()), "runs": dict(statuses)}
    if read_json(path) != facts:
        make_folder(path.parent)
        write_json(path, facts)


def load(root: Path, study: str) -> dict[str, str]:
    """The status that each run had in the current MLflow when it was last synced; empty if its database is gone."""
    facts = read_json(root / "told" / f"{study}.json") or {}
    uri = tracking_uri()
    is_gone = uri.startswith("sqlite:///") and not Path(urlsplit(uri).path[1:]).exists()
    return {} if is_gone or facts.get("address") != redact_uri(uri) else facts["runs"]
