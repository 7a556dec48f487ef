"""Ctrl-C and its like stop a sweep, which says how to continue."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.commands import mlflow_runs, sweep_here
from tests.helpers.tiny import write_tiny_study


def test_an_interrupted_sweep_says_how_to_continue(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(store.parent)
    monkeypatch.setattr("ablate.records.record.Record.write_event", interrupt)
    assert sweep_here(monkeypatch) == 130
    assert "`ablate sweep tiny.yaml --executor inprocess` continues" in capsys.readouterr().err


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def start_sweep() -> subprocess.Popen[str]:
    """A real sweep of longer tiny runs in two worker processes, in a session of its own, while it trains."""
    write_tiny_study(Path())
    text = Path("tiny.yaml").read_text().replace("training.epochs: 2", "training.epochs: 400")
    Path("tiny.yaml").write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-c", "from ablate.cli import main; main()", "sweep", "tiny.yaml", "--workers", "2"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if "epoch 3/400" in line:
            return process
    raise AssertionError("the sweep ended before its third epoch")


@pytest.mark.parametrize(
    "number",
    [
        signal.SIGINT,
        pytest.param(signal.SIGTERM, marks=pytest.mark.slow),
        pytest.param(signal.SIGHUP, marks=pytest.mark.slow),
    ],
)
def test_ctrl_c_and_its_like_stop_a_real_sweep_cleanly(number: signal.Signals, store: Path) -> None:
    process = start_sweep()
    os.killpg(process.pid, number)  # as a terminal does: driver and workers alike
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Nothing is lost" in out
    assert "Traceback" not in out
    assert {run.info.status for run in mlflow_runs()} == {"KILLED"}


def test_ctrl_c_while_the_devices_are_looked_up_is_an_interruption(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_study(workplace)
    monkeypatch.setattr("ablate.executors.inprocess.devices_of_this_machine", interrupt)
    assert sweep_here(monkeypatch) == 130
