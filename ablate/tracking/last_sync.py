"""Whether MLflow has all of a study, as far as that is known without asking it: importing MLflow takes a second.

It is known only of a local store, and only while its file is unchanged: after anybody has written to it, MLflow is
contacted again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.artefacts import artefact_kinds
from ablate.tracking.connection import local_store
from ablate.tracking.sync_notes import LastSync, load_notes, save_notes

RECORD_FILES = ("run.json", "epochs.json", "result.json", "failure.json")


def save_last_sync(requested: RequestedRuns, record: Record, experiment: str, report: str) -> None:
    """Note that MLflow has all of a study, and its report with this digest."""
    if store := _store_state():
        last = LastSync(experiment, store, _digest_of_runs(requested, record), report)
        notes = load_notes(record.root, requested.study)
        save_notes(record.root, requested.study, replace(notes, last_sync=last))


def find_last_sync(requested: RequestedRuns, record: Record) -> LastSync | None:
    """What was sent last, if neither the record nor MLflow's store has changed since; else None."""
    last = load_notes(record.root, requested.study).last_sync
    is_current = last and last.store == _store_state() and last.runs == _digest_of_runs(requested, record)
    return last if is_current else None


def _store_state() -> tuple[str, int, int] | None:
    """Path, time of the last change and size of the local store; None if there is none, or MLflow is elsewhere."""
    path = local_store()
    if path is None or not path.exists():
        return None
    return str(path), path.stat().st_mtime_ns, path.stat().st_size


def _digest_of_runs(requested: RequestedRuns, record: Record) -> str:
    """A digest of the names of all runs of a study, of the times and sizes of their files, and of what is sent."""
    facts = [
        (run_id, str(label), requested.kind(run_id), _files(record.folder(run_id)))
        for run_id, label in requested.all_runs().items()
    ]
    return hashlib.sha256(json.dumps([requested.question, artefact_kinds(), facts]).encode()).hexdigest()


def _files(folder: Path) -> list[tuple[str, int, int]]:
    stats = {name: (folder / name).stat() for name in RECORD_FILES if (folder / name).exists()}
    return [(name, stat.st_mtime_ns, stat.st_size) for name, stat in stats.items()]
