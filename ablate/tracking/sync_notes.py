"""Notes on what was sent to MLflow, so that `ablate status` never contacts it, and files are not listed each time.

.ablate/sent/<study>.json    where it was sent, a digest of what each run shows there, the files that it has there, and
                             the state of store, record and report when all had been sent
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ablate.records.files import make_folder, write_json
from ablate.records.identity import read_id
from ablate.tracking.connection import is_default_store, redact_uri, store_exists, tracking_uri


@dataclass(frozen=True)
class SentFiles:
    """The files that MLflow has of a run: the digest of `Shown.files` when they were sent, and their names."""

    digest: str
    names: list[str]


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


@dataclass
class SyncNotes:
    """What was sent of a study.

    Attributes:
        address: MLflow's, without passwords; not of the store in this folder, so that the folder can be moved.
        record: the id of the record that sent it; None for the store in this folder, which is copied with its record.
        runs: `Shown.digest` of each run of which all has been sent.
        files: by MLflow's id of the run.
        is_complete: whether nothing was refused when it was sent last.
        last_sync: what there was when all of it had been sent, the report included.
    """

    address: str
    record: str | None = None
    runs: dict[str, str] = field(default_factory=dict)
    files: dict[str, SentFiles] = field(default_factory=dict)
    is_complete: bool = False
    last_sync: LastSync | None = None


NOTES = TypeAdapter(SyncNotes)


def load_notes(root: Path, study: str) -> SyncNotes:
    """What was sent of a study to the present MLflow; nothing if its local store is gone."""
    nothing = _nothing_sent(root)
    try:
        notes = NOTES.validate_json(_path(root, study).read_bytes())
    except (FileNotFoundError, ValidationError):
        return nothing
    is_current = (notes.address, notes.record or nothing.record) == (nothing.address, nothing.record)
    return notes if is_current and store_exists() else nothing


def save_notes(root: Path, study: str, notes: SyncNotes) -> None:
    """Save what was sent of a study, if it is not what is saved already."""
    if load_notes(root, study) != notes:
        make_folder(_path(root, study).parent)
        write_json(_path(root, study), asdict(notes))


def _path(root: Path, study: str) -> Path:
    return root / "sent" / f"{study}.json"


def _nothing_sent(root: Path) -> SyncNotes:
    if is_default_store():
        return SyncNotes("the store in this folder")
    return SyncNotes(redact_uri(tracking_uri()), read_id(root))
