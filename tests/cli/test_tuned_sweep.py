"""Sweeps of studies whose arms are tuned first, as they are typed, and killed."""

import random
import shutil
from pathlib import Path

import pandas as pd
import pytest

from ablate.records.requests import load_requested
from ablate.training.events import Lost
from tests.helpers.commands import mlflow_runs, sweep_here, typed
from tests.helpers.kills import finish, kill_once, recorded
from tests.helpers.tuned import write_tuned_study


def chosen(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "reports" / "tiny" / "data" / "tuning.csv")


def test_a_tuned_sweep_tunes_compares_and_trains_nothing_twice(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tuned_study(store.parent)
    with monkeypatch.context() as timed:
        timed.setattr("ablate.pipeline.estimate.timed_seconds", lambda run, device: 120.0)
        timed.setattr("ablate.pipeline.estimate.overhead_seconds", lambda: 0.0)
        timed.setattr("ablate.executors.local.devices_of_this_machine", lambda *_: ["cpu"] * 4)
        assert typed("sweep", "tiny.yaml", "--dry-run", monkeypatch=monkeypatch) == 0
    planned = capsys.readouterr().out
    assert "3 of 1 epochs" in planned
    assert "About 5 min in 4 slots" in planned, "3 trials of half a run, two at a time; then 4 runs, four at a time"
    assert not Path(".ablate").exists()
    assert sweep_here(monkeypatch) == 0
    said = capsys.readouterr()
    assert "Tuning 2 arms: 6 trials, 0 of them finished already." in said.out
    assert "without, tuning trial 2 seed 10000: epoch 1/1" in said.out
    assert "4 runs, 0 of them recorded already, 4 to train." in said.out
    assert 'With each arm tuned, compared with "with"' in said.out.replace("\n", " ")
    assert said.err == ""
    table = chosen(Path())
    best = table.loc[table.groupby("arm").value.idxmax()].set_index("arm")["training.rate"]
    rates = {run.data.tags["ablate.arm"]: float(run.data.params["training.rate"]) for run in mlflow_runs()}
    assert {arm: rates[arm] for arm in ("with", "without")} == best.to_dict()
    assert all(f"{arm}: tuned to rate={rate:g}\n" in said.out for arm, rate in best.items())
    assert len(mlflow_runs()) == 10
    assert sweep_here(monkeypatch) == 0
    again = capsys.readouterr()
    assert "Tuning 2 arms: 6 trials, 6 of them finished already." in again.out
    assert "epoch" not in again.out
    assert (requested := load_requested(Path(".ablate"), "tiny"))
    assert requested.metric == "test/psnr"
    assert "No longer requested" not in again.err
    assert sweep_here(monkeypatch, "--dry-run") == 0
    assert "Nothing to train." in capsys.readouterr().out


def test_a_dry_run_of_a_study_that_is_partly_tuned_counts_what_is_left(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tuned_study(store.parent)
    assert sweep_here(monkeypatch) == 0
    shutil.rmtree("reports")
    path.write_text(path.read_text().replace("trials: 3", "trials: 5"))
    before = {file: file.read_bytes() for file in Path(".ablate").rglob("*") if file.is_file()}
    monkeypatch.setattr("ablate.pipeline.estimate.timed_seconds", lambda run, device: 120.0)
    monkeypatch.setattr("ablate.pipeline.estimate.overhead_seconds", lambda: 0.0)
    capsys.readouterr()
    assert sweep_here(monkeypatch, "--dry-run") == 0
    planned = capsys.readouterr().out
    assert "2 of 1 epochs" in planned
    assert "About 12 min in 1 slot" in planned, "2 arms with 2 trials of half a run each, then 4 runs of 2 minutes"
    assert {file: file.read_bytes() for file in Path(".ablate").rglob("*") if file.is_file()} == before


def test_status_sync_and_report_include_tuned_studies(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tuned_study(store.parent)
    assert sweep_here(monkeypatch) == 0
    requested = load_requested(Path(".ablate"), "tiny")
    assert requested is not None
    assert (len(requested.runs), len(requested.tuning), requested.former) == (4, 6, {})
    report = Path("reports/tiny/README.md")
    before = report.read_bytes()
    report.unlink()
    store.unlink()
    for words in (["status"], ["status", "tiny.yaml"], ["sync", "tiny.yaml"], ["report", "tiny.yaml"]):
        assert typed(*words, monkeypatch=monkeypatch) == 0
    assert report.read_bytes() == before
    assert len(mlflow_runs()) == 10


def test_another_seed_tunes_nothing_again(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tuned_study(store.parent)
    sweep_here(monkeypatch)
    write_tuned_study(store.parent, seeds="3")
    capsys.readouterr()
    assert sweep_here(monkeypatch) == 0
    said = capsys.readouterr().out
    assert "6 of them finished already" in said
    assert "6 runs, 4 of them recorded already, 2 to train." in said


def test_adopted_choices_are_not_searched_for_again(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tuned_study(store.parent)
    sweep_here(monkeypatch)
    before = {path: path.read_bytes() for path in Path("reports/tiny").rglob("*") if path.is_file()}
    shutil.rmtree(".ablate")
    capsys.readouterr()
    assert sweep_here(monkeypatch, "--adopt") == 0
    said = capsys.readouterr().out
    assert "4 runs adopted" in said
    assert "epoch" not in said
    assert {path: path.read_bytes() for path in before} == before


def test_runs_that_an_edited_tuning_no_longer_asks_for_are_named_and_kept(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tuned_study(store.parent)
    sweep_here(monkeypatch)
    before = set(Path(".ablate/runs").iterdir())
    path.write_text(path.read_text().replace("trials: 3", "trials: 3, seed: 77"))
    capsys.readouterr()
    assert sweep_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "Tuning 2 arms: 6 trials, 0 of them finished already." in shown.out
    assert "No longer requested by this study, but kept: " in shown.err
    assert before < set(Path(".ablate/runs").iterdir())
    typed("status", monkeypatch=monkeypatch)
    assert "with, tuning trial 0 seed 10000" in capsys.readouterr().out.split("no longer requested, but kept: ")[1]


def start(folder: Path, empty_store: Path) -> Path:
    write_tuned_study(folder)
    shutil.copy(empty_store, folder / "mlflow.db")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--executor", "inprocess"), ("--workers", "2")], ids=["in process", "local"])
def test_kills_and_workers_change_neither_what_arms_choose_nor_any_run(
    options: tuple[str, ...], tmp_path: Path, empty_store: Path
) -> None:
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole, killed = (start(tmp_path / name, empty_store) for name in ("whole", "killed"))
    finish(whole, "--executor", "inprocess")
    chance = random.Random(len(options[1]))
    for _ in range(4):
        kill_once(killed, chance, 8, *options)
    finish(killed, *options)
    pd.testing.assert_frame_equal(chosen(killed), chosen(whole))
    assert recorded(killed) == recorded(whole)


def test_arms_are_not_compared_while_workers_that_tune_them_are_killed(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tuned_study(store.parent)
    monkeypatch.setattr("ablate.executors.inprocess.perform", lambda *_: iter([Lost("its worker died")]))
    assert sweep_here(monkeypatch) == 1
    shown = capsys.readouterr()
    assert shown.out.count("its worker died, twice") == 2, "one trial of each arm"
    assert "6 of 6 tuning trials are not finished, so the arms cannot be compared yet" in shown.err
