"""Addresses of MLflow: whatever they are, they are shown without secrets and end no sweep."""

import socket
import threading
from pathlib import Path

import pytest

from ablate.tracking.connection import probe, shown_uri, why


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("http://user:secret@host:5000/ml", "http://host:5000/ml"),
        ("http://host:5000", "http://host:5000"),
        ("postgresql://user:se@cret@host/db?password=secret", "postgresql://host/db"),
        ("postgresql://host/db?user=u&password=secret", "postgresql://host/db"),
        ("sqlite:////tmp/folder/mlflow.db", "sqlite:////tmp/folder/mlflow.db"),
        ("sqlite:///mlflow.db", "sqlite:///mlflow.db"),
        ("http://[bad", "http://[bad"),
        ("", ""),
    ],
)
def test_an_address_is_shown_without_its_secrets_and_else_as_it_is(uri: str, shown: str) -> None:
    assert shown_uri(uri) == shown


@pytest.mark.parametrize("uri", ["http://user:secret@host/x", "postgresql://host/db?password=secret"])
def test_an_error_names_no_secret(uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    said = why(RuntimeError(f"no answer from {uri}, that is {uri.split('/')[-1]} of {uri.split('/')[2]}"))
    assert "secret" not in said


@pytest.mark.parametrize("uri", ["http://localhost:abc", "http://[bad"])
def test_an_address_that_is_none_is_away(uri: str, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(ConnectionError):
        probe()


def test_what_is_no_web_server_is_away(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"SSH-2.0-something\r\n")

        threading.Thread(target=answer, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(ConnectionError, match="BadStatusLine"):
            probe()
