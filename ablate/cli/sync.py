"""`ablate sync`: tell MLflow all that it has missed."""

from __future__ import annotations

from ablate.cli._shared import StudyFiles, app, terminal
from ablate.errors import AblateError


@app.command()
def sync(study_files: StudyFiles = None) -> None:
    """Tell MLflow what it missed of these studies, or of all that were swept here; restore what was deleted there."""
    from ablate.records.lock import only_writer
    from ablate.records.record import Record
    from ablate.records.requests import asked_of, recall_all
    from ablate.reporting import REPORTS
    from ablate.studies.loading import load
    from ablate.tracking.sync import sync as tell

    record = Record(warn=terminal.warn)
    asking = [load(path) for path in study_files or []]
    with only_writer(record.root, terminal.say_that_it_waits):
        every = [asked_of(record.root, one) for one in asking] or recall_all(record.root)
        if not every:
            raise AblateError("no study was swept in this folder yet, so there is nothing to tell MLflow")
        for asked in every:
            record.check(asked.every())
            terminal.say(f"{asked.study}: {tell(asked, record, REPORTS / asked.study)}")
