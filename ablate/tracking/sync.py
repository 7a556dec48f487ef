"""Sends to MLflow everything of a study that is missing there."""

from __future__ import annotations

from pathlib import Path

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.comparison import report_digest, send_comparison
from ablate.tracking.connection import address, redact_uri, tracking_uri
from ablate.tracking.errors import describe_error
from ablate.tracking.last_sync import save_last_sync
from ablate.tracking.store import Store


class TrackingError(AblateError):
    """MLflow could not be updated: it does not answer, or refuses what is sent."""

    exit_code = 1


def sync(requested: RequestedRuns, record: Record, report: Path | None = None) -> str:
    """Send to MLflow what it lacks of a study's runs, and of the report in a folder.

    Returns:
        The address to open, or the command to type, to see it.

    Raises:
        TrackingError: MLflow does not answer, or refuses some of it.
    """
    try:
        store = Store(requested, record)
        store.send_all(dict.fromkeys(requested.all_runs()), live=(), on_sent=lambda: None)
        view = send_comparison(store.client, store.experiment, requested.study, report) if report else None
        if report and view:
            save_last_sync(requested, record, store.experiment, report_digest(report))
    except Exception as error:
        uri = redact_uri(tracking_uri())
        raise TrackingError(f"MLflow at {uri} cannot be updated: {describe_error(error)}") from None
    return address(store.experiment, view)
