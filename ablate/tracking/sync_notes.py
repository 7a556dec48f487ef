"""What was sent to MLflow, saved for `ablate status` alone: the truth about that is in MLflow.

.ablate/told/<study>.json    where it was sent, and each run's status there
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ablate.records.files import make_folder, read_json, write_json
from ablate.tracking.connection import shown_uri, tracking_uri

IN_MLFLOW = {
    "unfinished": "KILLED",
    "failed": "FAILED",
    "timed out": "FAILED",
    "finished": "FINISHED",
    "diverged": "FINISHED",
}
"""MLflow's word for the status of a run that is not being trained."""


def save(root: Path, study: str, told: Mapping[str, str]) -> None:
    """Save the status that each run has in MLflow now."""
    path = root / "told" / f"{study}.json"
    facts = {"address": shown_uri(tracking_uri()), "runs": dict(told)}
    if read_json(path) != facts:
        make_folder(path.parent)
        write_json(path, facts)


def load(root: Path, study: str) -> dict[str, str]:
    """The status that each run had in the present MLflow when it was last synced; nothing if its file is gone."""
    facts = read_json(root / "told" / f"{study}.json") or {}
    uri = tracking_uri()
    gone = uri.startswith("sqlite:///") and not Path(urlsplit(uri).path[1:]).exists()
    return {} if gone or facts.get("address") != shown_uri(uri) else facts["runs"]
