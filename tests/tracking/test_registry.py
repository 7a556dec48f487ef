"""A registered network is served by MLflow's own server, without pickles, and answers with our numbers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import numpy as np
import pytest
import requests
from mlflow import MlflowClient
from mlflow.models import Model

from ablate.records.record import Record
from ablate.studies.planning import Design
from ablate.tracking.connection import tracking_uri
from tests.helpers.client import page_client
from tests.helpers.commands import sweep_here, typed

START_SECONDS = 240
"""A server that takes longer hangs."""


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def served(address: str, port: int) -> Iterator[str]:
    """Serve a model on loopback, with one worker; the server and its processes are stopped at the end."""
    words = ["models", "serve", "--env-manager", "local", "--model-uri", address, "--host", "127.0.0.1"]
    command = [sys.executable, "-m", "mlflow", *words, "--port", str(port), "--workers", "1"]
    places = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}  # of uvicorn, which it runs
    environment = os.environ | places | {"MLFLOW_TRACKING_URI": tracking_uri(), "MLFLOW_DISABLE_TELEMETRY": "true"}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/ping", process)
        yield f"http://127.0.0.1:{port}/invocations"
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(timeout=60)


def wait_for(address: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            if requests.get(address, timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.5)
    raise AssertionError("the server did not start")


def test_a_run_that_mlflow_does_not_have_is_named(
    swept_copy: tuple[Record, Design], store: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = swept_copy[1].runs[0]
    assert typed("export", run.id, "--register", monkeypatch=monkeypatch) == 2
    assert "no study requests it" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # what MLflow and torch warn each other of is not ours to fix
def test_one_tile_sent_to_the_server_gives_the_numbers_of_ablate_denoise(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    _, design = swept_copy
    assert sweep_here(monkeypatch, "--no-report") == 0
    run = design.runs[0]
    for words in ("Registered: models:/tiny/1", "Already registered: models:/tiny/1"):
        capsys.readouterr()
        assert typed("export", run.id[:8], "--register", monkeypatch=monkeypatch) == 0
        assert words in capsys.readouterr().out
    check_model("models:/tiny/1")
    tile = np.random.default_rng(0).random((16, 16), np.float32)
    np.save("tile.npy", tile)
    assert typed("denoise", run.id, "tile.npy", monkeypatch=monkeypatch) == 0
    expected = np.load("denoised/tile.npy", allow_pickle=False)
    client = page_client()
    with served("models:/tiny/1", free_port()) as address:
        answer = client["ask"](tile[None, None], address)
        assert np.abs(answer[0, 0] - expected).max() <= 1e-5
        assert np.abs(client["ask"](np.stack([tile[None]] * 3), address) - expected).max() <= 1e-5
        ask = client["ask"]
        client["ask"] = lambda tiles: ask(tiles, address)
        large = np.random.default_rng(1).random((40, 30), np.float32)
        np.save("large.npy", large)
        assert typed("denoise", run.id, "large.npy", monkeypatch=monkeypatch) == 0
        found = client["denoise"](large, side=16, patch=8)
        assert np.abs(found - np.load("denoised/large.npy", allow_pickle=False)).max() <= 1e-5


def check_model(address: str) -> None:
    """It has a signature, an example of its input, and no pickle."""
    client = MlflowClient(tracking_uri=tracking_uri())
    _, name, version = address.split("/")
    made = client.get_model_version(name, version)
    folder = Path(client.download_artifacts(str(made.run_id), "model"))
    model = Model.load(str(folder))
    assert model.signature is not None
    assert [spec.shape for spec in model.signature.inputs.inputs] == [(-1, 1, 16, 16)]
    assert model.saved_input_example_info is not None
    suffixes = {path.suffix for path in folder.rglob("*") if path.is_file()}
    assert ".pt2" in suffixes
    assert not suffixes & {".pkl", ".pth", ".pickle"}
