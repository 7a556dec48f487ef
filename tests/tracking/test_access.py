"""Tracking servers are reached through certificates, proxies, tokens and passwords."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mlflow import MlflowClient

from ablate.tracking.connection import (
    connect,
    tracking_uri,
)
from ablate.tracking.errors import describe_error
from ablate.tracking.probe import probe

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
TOKEN, BASIC = "Bearer hunter2", f"Basic {base64.b64encode(b'me:hunter2').decode()}"


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
