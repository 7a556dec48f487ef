"""What the user types, and what the terminal shows."""

import shutil
from pathlib import Path

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


def test_a_wrong_claim_is_found_before_anything_trains(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_study(workplace)
    path.write_text(path.read_text() + "expect: [{arm: witout, verdict: worse}]\n")
    assert sweep_here(monkeypatch) == 2
    shown = capsys.readouterr().err
    assert shown.startswith("error: tiny.yaml:20:16: unknown arm 'witout'; did you mean 'without'?")
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


def test_a_study_that_does_without_a_failed_run_ends_with_exit_code_0_and_names_the_run(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_study(store.parent, seeds="3")
    path.write_text(path.read_text() + "missing: 1\n")
    run = load_study(path).runs[0]
    Record().write_event(run, Started(0, "cpu"))
    Record().write_event(run, Failed("RuntimeError: broken"))
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "with seed 0: failed (RuntimeError: broken); no verdict waits for it (`missing`)" in shown.err
    assert "waiting" not in shown.out
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert "1 failed" in capsys.readouterr().out


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
