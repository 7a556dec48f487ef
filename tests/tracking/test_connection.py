"""Addresses of MLflow are shown without secrets, and an invalid one is an error that a sweep survives."""

import socket
import threading
from pathlib import Path

import pytest

from ablate.tracking.connection import probe, redact_uri


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
