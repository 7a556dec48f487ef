"""What an error of MLflow is called, and whether waiting can help; the errors are MLflow's own wherever it has them."""

from __future__ import annotations

import errno
import shlex
import socket
import sqlite3
import ssl
import subprocess
from contextlib import closing
from pathlib import Path

import pytest
import requests
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException
from mlflow.store.db.utils import _get_latest_schema_revision

from ablate.tracking.errors import MAX_LENGTH, describe_error, is_permanent


def error_of(uri: str) -> Exception:
    """The error with which MLflow's client fails there."""
    with pytest.raises(Exception, match=r".") as caught:
        MlflowClient(tracking_uri=uri).search_experiments(max_results=1)
    assert isinstance(caught.value, Exception)
    return caught.value


def change(path: Path, statement: str) -> str:
    """Change a store; returns its address."""
    with closing(sqlite3.connect(path)) as store, store:
        store.execute(statement)
    return f"sqlite:///{path}"


@pytest.mark.parametrize("uri", ["http://user:secret@host/x", "postgresql://host/db?password=secret"])
def test_an_error_message_contains_no_secret(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    text = describe_error(RuntimeError(f"no answer from {uri}, that is {uri.split('/')[-1]} of {uri.split('/')[2]}"))
    assert "secret" not in text


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "http://nowhere.invalid:5000"])
def test_a_server_that_is_down_may_come_back(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    error = error_of(uri)
    assert not is_permanent(error)
    assert describe_error(error).startswith(("ConnectionRefusedError: ", "gaierror: "))


def test_a_proxy_that_is_down_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    error = error_of("http://server.invalid:5000")
    assert not is_permanent(error)
    assert describe_error(error).startswith("the proxy refused the connection: ")


def test_a_schema_of_an_earlier_version_is_upgraded_by_the_command_in_the_message(store: Path) -> None:
    schema = _get_latest_schema_revision()
    error = error_of(change(store, "UPDATE alembic_version SET version_num = '2d6e25af4d3e'"))
    assert is_permanent(error)
    text = describe_error(error)
    assert "`mlflow db upgrade sqlite:///mlflow.db`" in text
    assert schema not in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("statement", ["SELECT 1", "DROP TABLE jobs"])
def test_a_schema_of_an_unknown_version_is_not_to_be_upgraded_but_replaced(statement: str, store: Path) -> None:
    change(store, statement)
    error = error_of(change(store, "UPDATE alembic_version SET version_num = 'abc'"))
    assert is_permanent(error)
    assert "`mlflow db upgrade" not in describe_error(error)
    command = describe_error(error).split("`")[3]
    subprocess.run(shlex.split(command), check=True)
    assert [path.name for path in store.parent.glob("mlflow.db*")] == ["mlflow.db.old"]


@pytest.mark.parametrize("uri", ["./mlruns", "file:///tmp/mlruns"])
def test_a_folder_of_files_says_what_to_use_instead(uri: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    error = error_of(uri)
    assert is_permanent(error)
    assert "`unset MLFLOW_TRACKING_URI`" in describe_error(error)


@pytest.mark.parametrize(
    ("uri", "said"), [("nonsense://me:secret@x", "sqlite:///FILE"), ("http://[bad", "not a valid address")]
)
def test_an_address_that_cannot_be_used_is_the_users_to_change(
    uri: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    error = error_of(uri)
    assert is_permanent(error)
    assert said in describe_error(error)
    assert "secret" not in describe_error(error)


def sqlite_error(address: str, statement: str = "PRAGMA schema_version") -> sqlite3.Error:
    """The error with which SQLite itself fails there."""
    try:
        with closing(sqlite3.connect(address, uri=True, timeout=0)) as store:
            store.execute(statement)
    except sqlite3.Error as error:
        return error
    pytest.fail("no error")


def test_a_damaged_file_is_replaced_from_the_record(workplace: Path) -> None:
    Path("mlflow.db").write_bytes(b"not a database" * 100)
    error = sqlite_error("file:mlflow.db")
    assert is_permanent(error)
    assert "is damaged (file is not a database): type `mv mlflow.db mlflow.db.old`" in describe_error(error)


def test_a_damaged_file_elsewhere_has_its_own_path_in_the_command(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workplace / "my store.db"
    path.write_bytes(b"not a database" * 100)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{path}")
    text = describe_error(sqlite_error(path.as_uri()))
    subprocess.run(text.split("`")[1], shell=True, check=True)
    assert [found.name for found in workplace.iterdir()] == ["my store.db.old"]


def test_a_file_without_permission_is_the_users_to_change(store: Path) -> None:
    for error in (sqlite_error("file:mlflow.db?mode=ro", "CREATE TABLE new (x)"), sqlite_error("file:/nowhere/x.db")):
        assert is_permanent(error)
        assert "cannot be opened for writing" in describe_error(error)


def test_a_locked_store_and_one_that_refuses_a_row_may_change_their_minds(store: Path) -> None:
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        locked = sqlite_error("file:mlflow.db", "SELECT * FROM runs")
    change(store, "CREATE TRIGGER full BEFORE INSERT ON tags BEGIN SELECT RAISE(ABORT, 'not today'); END")
    client = MlflowClient(tracking_uri=f"sqlite:///{store}")
    with pytest.raises(MlflowException) as refused:
        client.create_run("0", tags={"a": "b"})
    assert [is_permanent(error) for error in (locked, refused.value)] == [False, False]
    assert describe_error(locked) == "OperationalError: database is locked"
    assert describe_error(refused.value) == "IntegrityError: not today"


@pytest.mark.parametrize("number", [errno.EACCES, errno.EROFS, errno.ENOENT])
def test_a_folder_that_cannot_be_written_is_named(number: int) -> None:
    error = OSError(number, "No way", "/proc/none")
    assert is_permanent(error)
    assert describe_error(error) == "/proc/none: no way"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO, errno.ECONNREFUSED])
def test_a_full_disk_may_have_room_later(number: int) -> None:
    assert not is_permanent(OSError(number, "No way", "mlflow.db"))


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("UNAUTHENTICATED", "MLFLOW_TRACKING_TOKEN"),
        ("CUSTOMER_UNAUTHORIZED", "MLFLOW_TRACKING_USERNAME"),
        ("PERMISSION_DENIED", "permission"),
        ("ENDPOINT_NOT_FOUND", "check MLFLOW_TRACKING_URI"),
    ],
)
def test_a_server_that_refuses_the_user_says_how_to_be_accepted(code: str, said: str) -> None:
    error = RestException({"error_code": code, "message": "no"})
    assert is_permanent(error)
    assert said in describe_error(error)


@pytest.mark.parametrize("code", ["TEMPORARILY_UNAVAILABLE", "INTERNAL_ERROR", "RESOURCE_DOES_NOT_EXIST", "ABORTED"])
def test_what_a_server_cannot_do_now_it_may_do_later(code: str) -> None:
    assert not is_permanent(RestException({"error_code": code, "message": "no"}))


def test_a_server_without_tls_is_not_taken_for_one_that_is_down() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        server.accept()[0] as answer,
    ):
        answer.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        with pytest.raises(ssl.SSLError) as caught:
            ssl.create_default_context().wrap_socket(client, server_hostname="localhost")
    assert is_permanent(caught.value)
    assert "begins with http:" in describe_error(caught.value)


def test_a_file_of_certificates_that_does_not_exist_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    error = error_of("https://127.0.0.1:9")
    assert is_permanent(error)
    assert describe_error(error).endswith("invalid path: /nowhere.pem")


def test_a_package_that_is_not_installed_is_named() -> None:
    error = MlflowException("no")
    error.__cause__ = ModuleNotFoundError("No module named 'boto3'", name="boto3")
    assert is_permanent(error)
    assert describe_error(error).endswith("not installed: boto3")


def test_a_long_page_is_cut_and_is_one_line() -> None:
    text = describe_error(requests.ConnectionError(f"{'<html> ' * 1000}\n<body>"))
    assert len(text) <= MAX_LENGTH + 1
    assert text.endswith("…")
    assert describe_error(RuntimeError()) == "RuntimeError"
