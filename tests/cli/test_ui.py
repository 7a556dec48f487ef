"""`ablate ui`: a real server where that is needed."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ablate.cli import app
from ablate.errors import AblateError
from ablate.tracking.server import serving
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study


def typed(*words: str) -> tuple[str, BaseException | None]:
    done = CliRunner().invoke(app, ["ui", *words])
    return done.output, done.exception


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_folder_without_runs_gets_a_message_and_gets_no_store(workplace: Path) -> None:
    _, error = typed()
    assert isinstance(error, AblateError)
    assert "no runs in this folder yet" in str(error)
    assert list(workplace.iterdir()) == []


def test_a_study_that_was_not_swept_is_named(store: Path) -> None:
    write_tiny_study(store.parent)
    _, error = typed("tiny.yaml")
    assert "MLflow has no runs of tiny yet" in str(error)


def test_a_search_is_taken_as_a_study_is(store: Path) -> None:
    write_tiny_search(store.parent)
    _, error = typed("tiny.yaml")
    assert "MLflow has no runs of tiny yet" in str(error)


def test_a_tracking_server_is_not_started_again_but_named(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://me:secret@host:5000/")
    shown, error = typed()
    assert error is None
    assert shown.split(": ")[1].strip() == "http://host:5000/#/experiments?workflowType=machine_learning"


def test_a_port_that_is_taken_is_reported_in_one_line(store: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        _, error = typed("--port", str(other.getsockname()[1]))
    assert isinstance(error, AblateError)
    assert "choose a free one with --port" in str(error)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("uri", "said"), [("nonsense://somewhere", "must be the address of a server"), ("./mlruns", "`unset MLFLOW")]
)
def test_an_address_that_mlflow_does_not_take_is_named_before_a_server_starts(
    uri: str, said: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    with pytest.raises(AblateError, match=f"cannot be used: .*{said}"), serving(free_port()):
        pass


@pytest.mark.slow
def test_the_server_imports_no_file_of_the_current_folder(store: Path) -> None:
    for name in ("queue", "sqlite3", "mlflow", "uvicorn", "sqlalchemy"):
        (store.parent / f"{name}.py").write_text("raise SystemExit('a file of the current folder was executed')")
    port = free_port()
    with serving(port), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
        assert answer.status == 200


@pytest.mark.slow
def test_a_store_of_an_earlier_version_is_shown_with_the_command_that_upgrades_it(store: Path) -> None:
    with closing(sqlite3.connect(store)) as tables, tables:
        tables.execute("UPDATE alembic_version SET version_num = '2d6e25af4d3e'")
    with pytest.raises(AblateError, match=r"`mlflow db upgrade sqlite:///mlflow\.db`"), serving(free_port()):
        pass


def use_server(folder: Path, program: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start this program in place of MLflow's server."""
    script = folder / "server"
    script.write_text(program)
    script.chmod(0o755)
    monkeypatch.setattr("ablate.tracking.server.sys.executable", str(script))


ANSWERS = f"""#!{sys.executable}
import sys
from http.server import *

class Healthy(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

port = int(sys.argv[sys.argv.index("--port") + 1])
HTTPServer(("127.0.0.1", port), Healthy).serve_forever()
"""


def test_the_server_is_reached_without_the_proxy(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_server(store.parent, ANSWERS, monkeypatch)
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving(free_port()) as process:
        assert process.poll() is None
    assert process.poll() is not None


def test_a_server_that_never_answers_is_stopped(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_server(store.parent, "#!/bin/sh\necho Loading.\nexec sleep 600", monkeypatch)
    monkeypatch.setattr("ablate.tracking.server.START_SECONDS", 2.0)
    with pytest.raises(AblateError, match=r"within 2 s of its start; it printed: Loading\."), serving(free_port()):
        pass


def test_a_store_that_cannot_be_used_is_reported_before_a_server_starts(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.write_bytes(b"not a database" * 100)
    monkeypatch.setattr("ablate.tracking.server.sys.executable", "/nowhere/python")
    _, error = typed("--port", str(free_port()))
    assert isinstance(error, AblateError)
    assert "is damaged" in str(error)


def test_what_it_waits_for_is_printed(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tiny_study(store.parent)
    shown, _ = typed("tiny.yaml")
    assert shown == "Looking for tiny in MLflow ...\n"
    use_server(store.parent, "#!/bin/sh\nexit 1", monkeypatch)
    shown, error = typed("--port", str(free_port()))
    assert shown.startswith("Starting MLflow's server")
    assert str(error) == "MLflow's server did not start: it printed nothing"


@pytest.mark.slow
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_serves_until_ctrl_c_and_leaves_no_process(how: signal.Signals, store: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", "from ablate.cli import main; main()", "ui", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=os.environ | {"COLUMNS": "160"}) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line == f"MLflow: http://127.0.0.1:{port}/#/experiments?workflowType=machine_learning\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            assert answer.status == 200
        process.send_signal(how)
        assert process.stdout.read() == "Press Ctrl-C to stop it.\n"
        assert process.wait(60) == 0
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0
