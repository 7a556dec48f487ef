"""What keeps MLflow from being used is found before training, and said with what fixes it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlflow.store.db.utils import _get_latest_schema_revision

from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.studies.planning import Design
from ablate.tracking import probe as module
from ablate.tracking.errors import describe_error, is_permanent
from ablate.tracking.mirror import Mirror
from ablate.tracking.probe import probe
from ablate.tracking.schema import is_older_version, latest_version


def test_the_versions_of_the_schema_are_those_of_mlflow() -> None:
    assert latest_version() == _get_latest_schema_revision()
    assert is_older_version("2d6e25af4d3e")
    assert not is_older_version("abc")


def fault(*, writing: bool = True) -> str:
    """What the probe finds: something that only the user can fix."""
    with pytest.raises(ConnectionError) as caught:
        probe(writing=writing)
    assert is_permanent(caught.value)
    return describe_error(caught.value)


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as store, store:
        for statement in statements:
            store.execute(statement)


def test_a_store_that_can_be_used_is_not_changed(store: Path) -> None:
    before = store.stat().st_mtime_ns, store.read_bytes()
    probe(writing=True)
    assert (store.stat().st_mtime_ns, store.read_bytes()) == before
    assert [path.name for path in store.parent.iterdir()] == ["mlflow.db"]


def test_an_empty_file_and_no_file_are_stores_to_be(workplace: Path) -> None:
    probe(writing=True)
    Path("mlflow.db").touch()
    probe(writing=True)
    assert Path("mlflow.db").stat().st_size == 0


@pytest.mark.parametrize("writing", [True, False])
def test_a_file_that_is_not_a_database_is_found(writing: bool, workplace: Path) -> None:
    Path("mlflow.db").write_bytes(b"not a database" * 100)
    assert "is damaged" in fault(writing=writing)


@pytest.mark.parametrize("writing", [True, False])
@pytest.mark.parametrize(
    ("version", "command"), [("2d6e25af4d3e", "mlflow db upgrade"), ("abc", "pip install --upgrade mlflow")]
)
def test_another_schema_is_found(version: str, command: str, writing: bool, store: Path) -> None:
    change(store, f"UPDATE alembic_version SET version_num = '{version}'")
    assert command in fault(writing=writing)


def test_a_store_that_another_process_writes_to_can_be_used(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.tracking.connection.ANSWER_SECONDS", 0.1)
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        probe(writing=True)


def test_a_store_that_is_write_protected_is_found_unless_it_is_only_read(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_read_only(path: Path) -> sqlite3.Connection:
        return sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True, isolation_level=None)

    monkeypatch.setattr(module, "open_file", open_read_only)  # root can write to any file
    assert "cannot be opened for writing" in fault()
    probe()


def test_an_address_that_mlflow_no_longer_takes_is_found(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "./mlruns")
    assert "`unset MLFLOW_TRACKING_URI`" in fault()


def test_what_is_wrong_is_said_before_training_and_once(swept_copy: tuple[Record, Design], store: Path) -> None:
    change(store, "UPDATE alembic_version SET version_num = 'abc'")
    warnings: list[str] = []
    with Mirror(RequestedRuns.of(swept_copy[1]), Record(), warnings.append):
        (warning,) = warnings
    assert "`mv mlflow.db mlflow.db.old`" in warning
    assert "sent by `ablate sync`" in warning
    assert warnings == [warning]
