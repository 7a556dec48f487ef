"""Makes MLflow show all of a study as it is recorded, including what was deleted there."""

from __future__ import annotations

from pathlib import Path

from ablate.errors import AblateError
from ablate.records.identity import keep_apart_from_copies
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.comparison import FilesRefusedError, describe_missing_report, report_digest, send_comparison
from ablate.tracking.connection import address, redact_uri, tracking_uri
from ablate.tracking.errors import SENT_LATER, describe_error
from ablate.tracking.last_sync import save_last_sync
from ablate.tracking.mirror import describe_missing_files, describe_name
from ablate.tracking.store import Store


class TrackingError(AblateError):
    """MLflow could not be updated: it does not answer, or refuses what is sent."""

    exit_code = 1


class PartlySentError(TrackingError):
    """MLflow refused files, and accepted everything else."""


def sync(requested: RequestedRuns, record: Record, report: Path | None = None) -> str:
    """Make MLflow show what the record has of a study's runs, and the report in a folder.

    Returns:
        The address to open, or the command to type, to see it.

    Raises:
        PartlySentError: MLflow refuses files. It has everything else.
        TrackingError: MLflow does not answer, or refuses runs.
    """
    waiting, unfiled = dict.fromkeys(requested.all_runs()), dict[str, None]()
    refused, view = [], None
    keep_apart_from_copies(record.root, record.warn)
    try:
        store = Store(requested, record, check_files=True)
        if sentence := describe_name(store):
            record.warn(sentence)
        store.send_all(waiting, unfiled, live=(), on_sent=lambda: None)
        if store.files_error:
            refused.append(describe_missing_files(len(unfiled), store.files_error))
        if report:
            view = send_comparison(store.client, store.experiment, requested.study, report, record)
    except FilesRefusedError as error:
        refused.append(describe_missing_report(error))
    except Exception as error:
        uri = redact_uri(tracking_uri())
        raise TrackingError(f"MLflow at {uri} cannot be updated: {describe_error(error)}") from None
    if refused:
        raise PartlySentError(" ".join([*refused, SENT_LATER]))
    if report and view:
        save_last_sync(requested, record, store.experiment, report_digest(report))
    return address(store.experiment, view)
