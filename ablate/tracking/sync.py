"""Tells MLflow all that it has missed of a study, whenever that was."""

from __future__ import annotations

from pathlib import Path

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.comparison import send_comparison
from ablate.tracking.connection import address, shown_uri, tracking_uri, why
from ablate.tracking.store import Store


class TrackingError(AblateError):
    """MLflow cannot be told."""

    exit_code = 1


def sync(requested: RequestedRuns, record: Record, report: Path | None = None) -> str:
    """Tell MLflow what it does not have of a study's runs, and of the report in a folder; returns what to open.

    Raises:
        TrackingError: it does not answer, or refuses some of it.
    """
    try:
        store = Store(requested, record)
        store.tell_all(dict.fromkeys(requested.all_runs()), live=(), on_told=lambda: None)
        view = send_comparison(store.client, store.experiment, requested.study, report) if report else None
    except Exception as error:
        raise TrackingError(f"MLflow at {shown_uri(tracking_uri())} cannot be told: {why(error)}") from None
    return address(store.experiment, view)
