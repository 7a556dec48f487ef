"""`ablate sync`: tell MLflow all that it has missed."""

from __future__ import annotations

from ablate.cli._shared import StudyFiles, app, terminal
from ablate.errors import AblateError


@app.command()
def sync(study_files: StudyFiles = None) -> None:
    """Tell MLflow what it missed of these studies, or of all that were swept here; restore what was deleted there."""
    from ablate.records.lock import only_writer
    from ablate.records.record import Record
    from ablate.records.requests import load_all_requested, requested_by
    from ablate.reporting import REPORTS
    from ablate.studies.loading import load
    from ablate.tracking.sync import sync as tell

    record = Record(warn=terminal.warn)
    asking = [load(path) for path in study_files or []]
    with only_writer(record.root, terminal.say_that_it_waits):
        every = [requested_by(record.root, one) for one in asking] or load_all_requested(record.root)
        if not every:
            raise AblateError("no study was swept in this folder yet, so there is nothing to tell MLflow")
        for requested in every:
            record.set_aside_damaged(requested.all_runs())
            terminal.say(f"{requested.study}: {tell(requested, record, REPORTS / requested.study)}")
