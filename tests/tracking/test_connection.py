"""The address of MLflow is right in any folder and shown without secrets; the probe goes as MLflow's client does."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import socket
import sqlite3
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mlflow import MlflowClient

from ablate.tracking.connection import (
    artifact_location,
    connect,
    local_store,
    probe,
    redact_uri,
    sqlite_address,
    tracking_uri,
)
from ablate.tracking.errors import describe_error, is_permanent

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


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


class Answers(BaseHTTPRequestHandler):
    """An MLflow without experiments, for those who have the right to see them."""

    wanted = ""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        is_welcome = self.headers.get("Authorization", "") == self.wanted
        body = json.dumps({} if is_welcome else {"error_code": "UNAUTHENTICATED", "message": "no"}).encode()
        self.send_response(200 if is_welcome else 401)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


def write_certificate(folder: Path) -> Path:
    """A certificate for this machine that nobody knows, and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "here")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now).not_valid_after(now + datetime.timedelta(days=1))
    signed = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "certificate.pem"
    path.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    return path


@pytest.fixture
def server(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ThreadingHTTPServer]:
    """A server whose address is MLflow's; no proxy is set."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    monkeypatch.setattr(Answers, "wanted", "")
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


@pytest.fixture
def certificate(server: ThreadingHTTPServer, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The certificate with which the server speaks TLS."""
    path = write_certificate(workplace)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri().replace("http:", "https:"))
    return path


def reached() -> str:
    """How the probe fails, or nothing; MLflow's client fares as it does."""
    error = None
    try:
        probe()
    except ConnectionError as caught:
        error = caught
    try:
        assert MlflowClient(tracking_uri=tracking_uri()).search_experiments() == []
    except Exception:  # of whatever kind
        assert error is not None
    else:
        assert error is None
    return describe_error(error) if error else ""


@pytest.mark.parametrize("name", ["MLFLOW_TRACKING_SERVER_CERT_PATH", "REQUESTS_CA_BUNDLE"])
def test_a_server_with_its_own_certificate_is_reached(
    name: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, str(certificate))
    assert reached() == ""


def test_a_certificate_that_is_not_to_be_checked_is_not(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_INSECURE_TLS", "true")
    assert reached() == ""


def test_a_certificate_that_is_not_trusted_is_named_with_the_setting_that_trusts_it(certificate: Path) -> None:
    assert "MLFLOW_TRACKING_SERVER_CERT_PATH" in reached()


@pytest.mark.parametrize("no_proxy", ["127.0.0.0/8", "127.0.0.1", "*"])
def test_a_proxy_is_left_out_where_it_is_not_to_be_used(
    no_proxy: str, server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", no_proxy)
    assert reached() == ""


def test_a_proxy_that_does_not_answer_is_named(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert "proxy" in reached()


def test_a_proxy_is_used(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", tracking_uri())
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://nowhere.invalid")
    assert reached() == ""


TOKEN, BASIC = "Bearer hunter2", f"Basic {base64.b64encode(b'me:hunter2').decode()}"


@pytest.mark.parametrize(
    ("wanted", "given"),
    [
        (TOKEN, {"MLFLOW_TRACKING_TOKEN": "hunter2"}),
        (BASIC, {"MLFLOW_TRACKING_USERNAME": "me", "MLFLOW_TRACKING_PASSWORD": "hunter2"}),
    ],
    ids=["token", "password"],
)
def test_a_server_gets_the_token_or_the_password(
    wanted: str, given: dict[str, str], server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "wanted", wanted)
    assert "MLFLOW_TRACKING_TOKEN" in reached()
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    assert reached() == ""


def test_a_password_in_the_address_is_used(server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Answers, "wanted", BASIC)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracking_uri().replace("//", "//me:hunter2@"))
    assert reached() == ""


def test_a_web_server_that_is_not_mlflow_is_not_waited_for(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Answers, "do_POST", lambda self: self.send_error(404))
    assert "no MLflow" in reached()


def test_a_server_that_asks_for_a_long_wait_is_not_waited_for(
    server: ThreadingHTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def put_off(self: Answers) -> None:
        self.send_response(503)
        self.send_header("Retry-After", "3600")
        self.send_header("Content-Length", "0")
        self.end_headers()

    monkeypatch.setattr(Answers, "do_POST", put_off)
    waits: list[float] = []
    monkeypatch.setattr("urllib3.util.retry.time.sleep", waits.append)
    with pytest.raises(Exception, match="503"):
        connect().search_experiments()
    assert sum(waits) < 60


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
    with pytest.raises(ConnectionError) as caught:
        probe()
    assert is_permanent(caught.value)
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
