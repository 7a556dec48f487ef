"""`ablate sync`: send to MLflow whatever it does not have."""

from __future__ import annotations

import typer

from ablate.cli._shared import OptionalFiles, app, terminal
from ablate.errors import AblateError


@app.command()
def sync(study_files: OptionalFiles = None) -> None:
    """Send to MLflow whatever it does not have.

    It sends the given studies and searches, or all that were swept in this folder. What was deleted in MLflow is
    restored.
    """
    from ablate.records.lock import only_writer
    from ablate.records.record import Record
    from ablate.records.requests import load_all_requested, requested_by
    from ablate.reporting import REPORTS
    from ablate.studies.loading import load
    from ablate.tracking.sync import PartlySentError
    from ablate.tracking.sync import sync as send

    record = Record(warn=terminal.warn)
    asking = [load(path) for path in study_files or []]
    with only_writer(record.root, terminal.say_that_it_waits):
        every = [requested_by(record.root, one) for one in asking] or load_all_requested(record.root)
        if not every:
            raise AblateError("no study has been swept in this folder yet, so there is nothing to send")
        is_complete = True
        for requested in every:
            record.set_aside_damaged(requested.all_runs())
            try:
                terminal.say(f"{requested.study}: {send(requested, record, REPORTS / requested.study)}")
            except PartlySentError as error:  # the other studies may have no files, or others
                terminal.warn(f"error: {requested.study}: {error}")
                is_complete = False
    raise typer.Exit(0 if is_complete else 1)
