"""What the user types, and what he sees: in this process where that is enough, as a real process where it is not."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from mlflow import MlflowClient

from ablate.records.record import Record
from ablate.reporting.study.data import export
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.tracking.connection import tracking_uri
from ablate.training.events import EpochEnded, Failed, Started
from tests.helpers.commands import mlflow_runs, sweep_here, typed
from tests.helpers.tiny import write_tiny_study


def test_a_sweep_trains_tracks_and_reports(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(store.parent)
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "4 runs, 0 of them recorded already, 4 to train." in shown.out
    assert "with seed 0: epoch 2/2" in shown.out
    assert "smallest margin" in shown.out
    assert "reports/tiny/README.md" in shown.out
    assert "ablate ui, then http://127.0.0.1:5000/#/experiments/" in shown.out
    assert "&viewStateShareKey=arms" in shown.out
    assert shown.err == ""
    assert Path("reports/tiny/README.md").exists()
    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    runs = client.search_runs([experiment.experiment_id])
    assert {run.info.status for run in runs} == {"FINISHED"}
    assert [run.info.run_name for run in runs if "ablate.report" in run.data.tags] == ["report"]


def test_a_second_sweep_trains_nothing(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "4 runs, 4 of them recorded already, 0 to train." in shown
    assert "epoch" not in shown


def test_one_process_for_everything_has_one_slot(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace)
    assert sweep_here(monkeypatch, "--workers", "2") == 2
    assert "allowed: one worker, or --executor local" in capsys.readouterr().err
    assert not Path(".ablate").exists()


def test_a_dry_run_shows_the_plan_and_changes_nothing(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(Path(), seeds="3")
    before = sorted(map(str, Path().rglob("*")))
    assert sweep_here(monkeypatch, "--dry-run") == 0
    lines = [line.replace("│", " ").split() for line in capsys.readouterr().out.splitlines()]
    assert ["with", "(reference)", "1", "2"] in [line[:4] for line in lines]
    assert ["without", "with", "1", "2"] in [line[:4] for line in lines]
    assert sorted(map(str, Path().rglob("*"))) == before


def test_a_sweep_can_adopt_what_reports_hold_and_write_the_data_only(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    shutil.rmtree(".ablate")
    before = sorted(map(str, Path().rglob("*")))
    assert sweep_here(monkeypatch, "--adopt", "--dry-run") == 0
    assert "Nothing to train." in capsys.readouterr().out
    assert sorted(map(str, Path().rglob("*"))) == before
    assert sweep_here(monkeypatch, "--adopt", "--no-report") == 0
    shown = capsys.readouterr().out
    assert "4 runs adopted from the reports' data" in shown
    assert "4 runs, 4 of them recorded already, 0 to train." in shown
    assert "Report:" not in shown
    assert sorted(path.name for path in Path("reports/tiny").iterdir()) == ["data"]


def test_report_writes_the_report_again_from_its_data(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
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
    swept_copy: tuple[Record, Design],
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
    sentence = f'"without" is worse than "with": {shown} ('
    assert f"Claim: {sentence}" in capsys.readouterr().out
    assert [path.name for path in Path("reports/tiny").iterdir()] == ["data"], "a check writes nothing"
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0
    assert f"- {sentence}" in Path("reports/tiny/README.md").read_text()


def test_check_without_claims_says_so(
    swept_copy: tuple[Record, Design], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    export(study, record, Path("reports/tiny"))
    assert typed("report", "tiny.yaml", "--check", monkeypatch=monkeypatch) == 0
    assert "No claims to check" in capsys.readouterr().out


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


def test_a_failed_run_is_named_with_its_last_lines_and_tried_again_when_asked_for(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run = load_study(write_tiny_study(store.parent)).runs[0]
    Record().write_event(run, Started(0, "cpu"))
    Record().write_event(run, EpochEnded([], b"spoilt"))
    assert sweep_here(monkeypatch) == 1
    shown = capsys.readouterr()
    assert "with seed 0: failed (" in shown.err
    assert "Error" in shown.err.split("with seed 0: failed")[1].split("all of it:")[0]
    assert f"{run.id}/failure.json" in shown.err
    assert "`ablate sweep tiny.yaml --executor inprocess --retry-failed` trains these runs again." in shown.err
    assert "waiting" in shown.out
    assert sweep_here(monkeypatch) == 1
    assert "0 to train" in capsys.readouterr().out
    (Record().folder(run.id) / "checkpoint.pt").unlink()
    assert sweep_here(monkeypatch, "--retry-failed") == 0
    assert "1 to train" in capsys.readouterr().out


def test_a_run_over_its_time_is_named_and_the_exit_code_is_1(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = write_tiny_study(store.parent, seeds="1").read_text().replace("epochs: 2", "epochs: 2000")
    Path("tiny.yaml").write_text(text + "timeout: 1s\n")
    assert sweep_here(monkeypatch) == 1
    assert "with seed 0: timed out (not done after 1 s, the study's timeout)" in capsys.readouterr().err
    assert {told.info.status for told in mlflow_runs()} == {"FAILED"}


def test_runs_that_an_edited_study_no_longer_asks_for_are_named_and_kept(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sweep_here(monkeypatch)
    before = sorted(map(str, Path(".ablate/runs").rglob("*")))
    write_tiny_study(Path(), seeds="[1]")
    capsys.readouterr()
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "No longer requested by this study, but kept: with seed 0, without seed 0." in shown.err
    assert "2 runs, 2 of them recorded already, 0 to train." in shown.out
    assert sorted(map(str, Path(".ablate/runs").rglob("*"))) == before
    assert len(mlflow_runs()) == 4
    sweep_here(monkeypatch)
    assert "No longer" not in capsys.readouterr().err, "it is said once"
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert "no longer requested, but kept: with seed 0, without seed 0" in capsys.readouterr().out


def test_status_shows_the_status_of_each_run(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    record, study = swept_copy
    runs = study.runs
    for run in runs[1:3]:
        (record.folder(run.id) / "result.json").unlink()
    record.write_event(runs[2], Failed("out of memory"))
    assert typed("status", "tiny.yaml", monkeypatch=monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "1 interrupted, 1 failed" in shown
    assert "4 not yet in MLflow" in shown
    assert "failed (out of memory)" in shown
    assert sweep_here(monkeypatch) == 1
    capsys.readouterr()
    assert typed("status", "--json", monkeypatch=monkeypatch) == 0
    (facts,) = json.loads(capsys.readouterr().out)
    assert (facts["study"], facts["counts"]["failed"], facts["counts"]["not yet in MLflow"]) == ("tiny", 1, 0)
    assert [run["status"] for run in facts["runs"] if run["run"] == runs[2].id] == ["failed"]


@pytest.mark.parametrize("words", [["sweep", "tiny.yaml", "--executor", "inprocess"], ["sync", "tiny.yaml"]])
def test_a_folder_that_cannot_be_written_to_is_reported_in_one_line(
    words: list[str], workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace)
    Path(".ablate").touch()  # where a folder would have to be: no user may write below it
    assert typed(*words, monkeypatch=monkeypatch) == 1
    shown = capsys.readouterr().err
    assert shown.startswith("error: .ablate")
    assert "Traceback" not in shown


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
    """A real sweep of longer tiny runs in two worker processes, in a session of its own, in the midst of training."""
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
    monkeypatch.setattr("ablate.executors.inprocess.slot_devices", interrupt)
    assert sweep_here(monkeypatch) == 130


def test_a_sweep_until_decided_continues_to_the_last_look_and_a_second_one_trains_nothing(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(Path(), seeds="{looks: [2, 3]}", margin="0.001")
    assert sweep_here(monkeypatch, "--dry-run") == 0
    assert "runs to train, at most" in capsys.readouterr().out
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "4 runs, 4 of them recorded already, 0 to train." in shown
    assert "the first of the looks at 2, 3 seeds" in shown
    assert "with seed 2: epoch 2/2" in shown, "two seeds of so wide a spread decide nothing"
    assert "without seed 2: epoch 2/2" in shown
    assert "From look to look" in Path("reports/tiny/README.md").read_text()
    assert sweep_here(monkeypatch) == 0
    assert "epoch" not in capsys.readouterr().out
    assert sweep_here(monkeypatch, "--dry-run") == 0
    assert "Nothing to train." in capsys.readouterr().out


def test_a_budget_ends_a_sweep_until_decided_with_what_is_undecided(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_tiny_study(Path(), seeds="{looks: [2, 3]}", margin="0.001")
    study.write_text(study.read_text() + "runs: 5\n")
    assert sweep_here(monkeypatch) == 0, "no run is missing"
    assert "undecided after 2 seeds" in capsys.readouterr().out
    assert "budget used up" in Path("reports/tiny/README.md").read_text()
