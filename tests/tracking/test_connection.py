"""The address of MLflow is right in any folder and shown without secrets; the probe goes as MLflow's client does."""

from __future__ import annotations

import socket
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from ablate.tracking.connection import (
    artifact_location,
    connect,
    local_store,
    redact_uri,
    sqlite_address,
)
from ablate.tracking.errors import is_permanent
from ablate.tracking.probe import probe


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://user:secret@host:5000/ml", "http://host:5000/ml"),
        ("http://host:5000", "http://host:5000"),
        ("postgresql://user:se@cret@host/db?password=secret", "postgresql://host/db"),
        ("postgresql://host/db?user=u&password=secret", "postgresql://host/db"),
        ("sqlite:////tmp/folder/mlflow.db", "sqlite:////tmp/folder/mlflow.db"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
        ("sqlite+pysqlite:////tmp/what%3F/mlflow.db", "sqlite+pysqlite:////tmp/what%3F/mlflow.db"),
        ("http://[bad", "http://[bad"),
        ("", ""),
    ],
)
def test_an_address_is_shown_unchanged_but_for_its_secrets(uri: str, shown: str) -> None:
    assert redact_uri(uri) == shown


@pytest.mark.parametrize("uri", ["http://localhost:abc", "http://[bad"])
def test_an_invalid_address_counts_as_a_server_that_is_down(
    uri: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ConnectionError):
        probe()


def test_something_that_is_not_a_web_server_counts_as_a_server_that_is_down(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-something\r\n")

        threading.Thread(target=answer, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ConnectionError, match="BadStatusLine"):
            probe()


NAMES = ["plain", "what?", "run #1", "50%20off", "a%2Fb", "my study", "ü", "a@b:c"]


@pytest.mark.parametrize("name", NAMES)
def test_store_and_files_are_inside_a_folder_of_any_name(
    name: str, empty_store: Path, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = workplace / name
    folder.mkdir()
    monkeypatch.chdir(folder)
    (folder / "mlflow.db").write_bytes(empty_store.read_bytes())
    client = connect()
    experiment = client.create_experiment("tiny", artifact_location=artifact_location(Path("mlruns/tiny")))
    run_id = client.create_run(experiment).info.run_id
    client.log_text(run_id, "hello", "note.txt")
    assert [item.path for item in client.list_artifacts(run_id)] == ["note.txt"]
    assert [path.name for path in folder.glob("mlruns/tiny/*/artifacts/*")] == ["note.txt"]
    with closing(sqlite3.connect("mlflow.db")) as store:
        assert store.execute("SELECT run_uuid FROM runs").fetchall() == [(run_id,)]
    assert [path.name for path in workplace.iterdir()] == [name]
    assert sorted(path.name for path in folder.iterdir()) == ["mlflow.db", "mlruns"]


@pytest.mark.parametrize("name", NAMES)
def test_the_file_of_an_address_is_the_one_it_was_made_from(
    name: str, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workplace / name / "runs.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_address(path))
    assert local_store() == path


@pytest.mark.parametrize("uri", ["http://host/mlflow.db", "postgresql://host/db", "sqlite:///:memory:", "./mlruns"])
def test_other_stores_are_not_local_files(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    assert local_store() is None


def test_a_store_elsewhere_is_complete_or_does_not_exist(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workplace / "else?where" / "runs.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", sqlite_address(path))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr("os.replace", interrupt)
        with pytest.raises(KeyboardInterrupt):
            connect()
    assert not path.exists()
    assert connect().search_experiments()
    assert [found.name for found in path.parent.iterdir()] == ["runs.db"]


def test_a_file_that_cannot_be_used_is_reported_at_once(workplace: Path) -> None:
    Path("mlflow.db").write_bytes(b"not a database" * 100)
    with pytest.raises(sqlite3.DatabaseError):
        connect()


def test_what_mlflow_cannot_open_is_tried_a_few_times_only(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///file:nowhere/runs.db?uri=true")
    attempts: list[float] = []
    monkeypatch.setattr("mlflow.store.db.utils.time.sleep", attempts.append)
    with pytest.raises(Exception, match="unable to open") as caught:
        connect().search_experiments()
    assert isinstance(caught.value, Exception)
    assert is_permanent(caught.value)
    assert sum(attempts) < 1
    assert not caplog.records
