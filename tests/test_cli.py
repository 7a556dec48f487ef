"""What the user types, and what he sees: in this process where that is enough, as a real process where it is not."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from conftest import write_tiny_study
from mlflow import MlflowClient

from ablate.cli import main
from ablate.loading import load_study
from ablate.planning import plan
from ablate.record import Record
from ablate.report.data import export
from ablate.tracking import tracking_uri
from ablate.training.events import Started


def typed(*words: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """Type `ablate ...`; its exit code."""
    monkeypatch.setattr(sys, "argv", ["ablate", *words])
    monkeypatch.setenv("COLUMNS", "160")
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def sweep_here(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    return typed("sweep", "tiny.yaml", "--executor", "inprocess", *options, monkeypatch=monkeypatch)


def test_a_sweep_trains_tracks_and_reports(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(store.parent)
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "4 runs, 0 of them recorded already." in shown.out
    assert "with seed 0: epoch 2/2" in shown.out
    assert "smallest margin" in shown.out
    assert "reports/tiny/README.md" in shown.out
    assert "mlflow ui, then http://127.0.0.1:5000/#/experiments/" in shown.out
    assert shown.err == ""
    assert Path("reports/tiny/README.md").exists()
    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    assert {run.info.status for run in client.search_runs([experiment.experiment_id])} == {"FINISHED"}


def test_a_second_sweep_trains_nothing(
    swept_copy: tuple, store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "4 runs, 4 of them recorded already." in shown
    assert "epoch" not in shown


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    swept_copy: tuple, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(Path(), seeds="3")
    before = sorted(map(str, Path().rglob("*")))
    assert sweep_here(monkeypatch, "--dry-run") == 0
    lines = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["with", "(reference)", "1", "2"] in [line[:4] for line in lines]
    assert ["without", "with", "1", "2"] in [line[:4] for line in lines]
    assert sorted(map(str, Path().rglob("*"))) == before


def test_report_writes_the_report_again_from_its_data(
    swept_copy: tuple, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep_here(monkeypatch)
    report = Path("reports/tiny/README.md")
    before = report.read_bytes()
    report.unlink()
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0
    assert report.read_bytes() == before


@pytest.mark.parametrize(
    ("shift", "jitter", "code", "shown"),
    [(-2.0, 0.01, 0, "held"), (2.0, 0.01, 1, "contradicted"), (-2.0, 5.0, 3, "undecided")],
)
def test_check_tells_by_its_exit_code_whether_the_claims_hold(
    shift: float,
    jitter: float,
    code: int,
    shown: str,
    swept_copy: tuple,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """`without` scores as `with` does, shifted, and `jitter` lower for the second seed."""
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    runs = pd.read_csv("reports/tiny/data/runs.csv")
    runs["test/psnr"] = [20.0, 21.0, 20.0 + shift, 21.0 + shift - jitter]
    runs.to_csv("reports/tiny/data/runs.csv", index=False)
    Path("tiny.yaml").write_text(Path("tiny.yaml").read_text() + "expect: [{arm: without, verdict: worse}]\n")
    assert typed("report", "tiny.yaml", "--check", monkeypatch=monkeypatch) == code
    sentence = f"without is worse than with: {shown} ("
    assert f"Claim: {sentence}" in capsys.readouterr().out
    assert f"- {sentence}" in Path("reports/tiny/README.md").read_text()
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0


def test_check_without_claims_says_so(
    swept_copy: tuple, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    assert typed("report", "tiny.yaml", "--check", monkeypatch=monkeypatch) == 0
    assert "There is no claim to check" in capsys.readouterr().out


def test_a_wrong_claim_is_found_before_anything_trains(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_study(workplace)
    path.write_text(path.read_text() + "expect: [{arm: witout, verdict: worse}]\n")
    assert sweep_here(monkeypatch) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: tiny.yaml:20:16: there is no arm 'witout' in this study; did you mean 'without'?")
    assert not Path(".ablate").exists()


def test_a_wrong_study_is_one_line_and_exit_code_2(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace, margin="-1")
    assert sweep_here(monkeypatch) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: tiny.yaml:19:9: margin: must be greater than 0 (given: -1)")
    assert len(shown.err.splitlines()) == 1
    assert shown.out == ""


def test_a_failed_run_is_named_and_the_exit_code_is_1(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = plan(load_study(write_tiny_study(store.parent)))[0]
    Record().take(run, Started(0, "cpu"))
    (Record().folder(run.id) / "checkpoint.pt").write_bytes(b"spoilt")
    assert sweep_here(monkeypatch) == 1
    shown = capsys.readouterr()
    assert "with seed 0: failed" in shown.err
    assert f"{run.id}/failure.json" in shown.err
    assert "waiting" in shown.out


def test_an_interrupted_sweep_says_how_to_go_on(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(store.parent)
    monkeypatch.setattr("ablate.record.Record.take", interrupt)
    assert sweep_here(monkeypatch) == 130
    assert "`ablate sweep tiny.yaml --executor inprocess` goes on" in capsys.readouterr().err


def interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def start_sweep() -> subprocess.Popen[str]:
    """A real sweep of longer tiny runs in two worker processes, in a session of its own, in the midst of training."""
    write_tiny_study(Path())
    text = Path("tiny.yaml").read_text().replace("training.epochs: 2", "training.epochs: 40")
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
        if "epoch 3/40" in line:
            return process
    raise AssertionError("the sweep ended before its third epoch")


def test_ctrl_c_stops_a_real_sweep_cleanly(store: Path) -> None:
    process = start_sweep()
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does: driver and workers alike
    out, _ = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "Nothing is lost" in out
    assert "Traceback" not in out


@pytest.mark.slow
def test_a_killed_sweep_ends_with_the_same_numbers(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    process = start_sweep()
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout is not None
    process.stdout.close()
    time.sleep(1)  # its workers notice and end
    assert sweep_here(monkeypatch) == 0
    runs = plan(load_study("tiny.yaml"))
    resumed = [(Record().folder(run.id) / "weights.safetensors").read_bytes() for run in runs]
    Path(".ablate").rename("killed")
    assert sweep_here(monkeypatch) == 0
    assert [(Record().folder(run.id) / "weights.safetensors").read_bytes() for run in runs] == resumed
