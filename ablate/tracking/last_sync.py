"""Whether MLflow has all of a study, as far as that is known without asking it: importing MLflow takes a second.

.ablate/synced/<study>.json    the store, the record and the report as they were when all of a study had been sent

It is known only of a local store, and only while its file is unchanged: after anybody has written to it, MLflow is
contacted again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ablate.records.files import make_folder, write_json
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.artefacts import artefact_kinds
from ablate.tracking.connection import local_store

RECORD_FILES = ("run.json", "epochs.json", "result.json", "failure.json")


@dataclass(frozen=True)
class LastSync:
    """What had been sent when all of a study had been sent.

    Attributes:
        experiment: MLflow's id of the study's experiment.
        store: path, time of the last change (ns) and size of the store's file.
        runs: a digest of what the record holds of the study's runs, and of their names.
        report: a digest of the report's files.
    """

    experiment: str
    store: tuple[str, int, int]
    runs: str
    report: str


LAST_SYNC = TypeAdapter(LastSync)


def save_last_sync(requested: RequestedRuns, record: Record, experiment: str, report: str) -> None:
    """Note that MLflow has all of a study, and its report with this digest."""
    if store := _store_state():
        path = _path(record, requested)
        make_folder(path.parent)
        write_json(path, asdict(LastSync(experiment, store, _digest_of_runs(requested, record), report)))


def find_last_sync(requested: RequestedRuns, record: Record) -> LastSync | None:
    """What was sent last, if neither the record nor MLflow's store has changed since; else None."""
    try:
        last = LAST_SYNC.validate_json(_path(record, requested).read_bytes())
    except (FileNotFoundError, ValidationError):
        return None
    is_current = last.store == _store_state() and last.runs == _digest_of_runs(requested, record)
    return last if is_current else None


def _path(record: Record, requested: RequestedRuns) -> Path:
    return record.root / "synced" / f"{requested.study}.json"


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
