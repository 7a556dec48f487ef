"""What the user of `ablate search` types and sees."""

import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from optuna.trial import TrialState

from ablate.executors.worker import perform
from ablate.records.record import Record
from ablate.records.requests import load_requested
from ablate.settings import Run
from ablate.strategies.journal import Journal
from ablate.studies.loading import load_search, load_study
from ablate.tracking.connection import tracking_uri
from ablate.training.clock import Clock
from ablate.training.events import Event, Failed, Lost
from tests.helpers.commands import mlflow_runs, typed
from tests.helpers.searches import write_tiny_search
from tests.helpers.stored import facts_of
from tests.helpers.tiny import write_tiny_study


def search_here(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    return typed("search", "tiny.yaml", "--executor", "inprocess", *options, monkeypatch=monkeypatch)


def test_a_search_trains_tracks_and_reports(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(store.parent)
    assert search_here(monkeypatch) == 0
    shown = capsys.readouterr()
    assert "6 trials, 0 of them finished already." in shown.out
    assert "trial 0 seed 0: epoch 2/2" in shown.out
    assert "Best of 6 trials" in shown.out
    assert "Base:   reports/tiny/best.yaml" in shown.out
    assert "Trials: optuna-dashboard .ablate/search/tiny.log" in shown.out
    assert shown.err == ""
    assert Path("reports/tiny/README.md").exists()
    assert "[tiny](tiny/README.md)" in Path("reports/README.md").read_text()
    names = {run.info.run_name for run in mlflow_runs()}
    assert "trial 0 seed 0" in names
    assert {run.data.tags["ablate.arm"] for run in mlflow_runs()} >= {"trial 0", "trial 1"}
    before = set(Path().rglob("*")) - {Path(".ablate/running.json")}
    assert search_here(monkeypatch) == 0
    again = capsys.readouterr().out
    assert "6 trials, 6 of them finished already." in again
    assert "epoch" not in again
    assert set(Path().rglob("*")) == before


@pytest.fixture
def searched(store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Path:
    """The current folder, in which the tiny search has finished."""
    write_tiny_search(store.parent)
    search_here(monkeypatch)
    capsys.readouterr()
    return store.parent


def test_the_best_settings_are_the_base_of_a_study(searched: Path) -> None:
    best = Path("reports/tiny/best.yaml").read_text()
    Path("next.yaml").write_text(
        f"{best}question: Are they good?\nvary: {{model.depth: [1, 2]}}\nreference: {{model.depth: 1}}\n"
        "seeds: [1, 2]\nmargin: 0.25\n"
    )
    search = load_search("tiny.yaml")
    base = load_study("next.yaml").study.base
    assert base.keys() == search.base.keys() | search.space.keys()


def test_a_study_resumes_a_run_that_a_search_has_pruned(
    searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    search = load_search("tiny.yaml")
    told = Journal(Path(".ablate"), search, list[str]().append).finished()
    pruned = next(trial for trial in told if trial.state == TrialState.PRUNED)
    run = pruned.user_attrs["run"]
    assert Record().status(run) == "unfinished"
    facts = facts_of(Record(), run).settings
    write_tiny_study(Path(), "study.yaml", seeds="1")
    text = Path("study.yaml").read_text().replace("training.rate: 0.01", f"training.rate: {facts['training.rate']}")
    Path("study.yaml").write_text(text)
    assert typed("sweep", "study.yaml", "--executor", "inprocess", monkeypatch=monkeypatch) == 0
    assert Record().status(run) == "finished"
    said = capsys.readouterr().out
    name = "with" if facts["model.skip"] == "both" else "without"
    assert f"{name} seed 0: epoch 2/2" in said
    assert f"{name} seed 0: epoch 1/2" not in said


def test_a_damaged_run_of_another_study_is_trained_again_for_the_search(
    searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = Path("reports/tiny/data/trials.csv").read_bytes()
    shutil.rmtree(".ablate/search")
    shutil.rmtree(".ablate/studies")  # as if another study had recorded the runs
    run = next(run for run in os.listdir(".ablate/runs") if Record().has_ended(run))
    (Record().folder(run) / "epochs.json").write_text("[]")
    assert search_here(monkeypatch) == 0
    assert "the run is trained again" in capsys.readouterr().err
    assert Path("reports/tiny/data/trials.csv").read_bytes() == before


def test_raising_the_number_of_trials_continues_the_search(
    searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(Path(), trials="7")
    assert search_here(monkeypatch) == 0
    said = capsys.readouterr().out
    assert "7 trials, 6 of them finished already." in said
    assert "trial 6 seed 0: started" in said
    assert "trial 5 seed 0: started" not in said


def test_status_and_sync_include_searches(
    searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in (["status"], ["status", "tiny.yaml"]):
        assert typed(*words, monkeypatch=monkeypatch) == 0
        said = capsys.readouterr().out
        assert " pruned" in said
        assert "interrupted" not in said
        assert "not yet in" not in said
    (searched / "mlflow.db").unlink()
    assert typed("sync", "tiny.yaml", monkeypatch=monkeypatch) == 0
    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    requested = load_requested(Path(".ablate"), "tiny")
    assert requested is not None
    assert len(client.search_runs([experiment.experiment_id])) == len(requested.runs)


def test_a_search_has_no_claims_to_check(
    searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert typed("report", "tiny.yaml", "--check", monkeypatch=monkeypatch) == 2
    assert "a search has no claims" in capsys.readouterr().err


def test_report_writes_the_report_of_a_search_again(searched: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = sorted(path for path in Path("reports/tiny").rglob("*") if path.is_file() and "data" not in path.parts)
    before = [path.read_bytes() for path in files]
    for path in files:
        path.unlink()
    assert typed("report", "tiny.yaml", monkeypatch=monkeypatch) == 0
    assert [path.read_bytes() for path in files] == before


def test_an_edited_search_keeps_the_runs_of_the_former_one(
    searched: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = set(os.listdir(".ablate/runs"))
    write_tiny_search(Path(), trials="2\nsampler: random\nseed: 1")
    assert search_here(monkeypatch) == 0
    assert "2 trials, 0 of them finished already." in capsys.readouterr().out
    assert before < set(os.listdir(".ablate/runs"))
    typed("status", monkeypatch=monkeypatch)
    assert "no longer requested, but kept: trial 0 seed 0" in capsys.readouterr().out


def test_a_dry_run_changes_nothing(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(workplace)
    assert search_here(monkeypatch, "--dry-run") == 0
    assert "6 trials. About" in capsys.readouterr().out
    assert sorted(map(str, Path().rglob("*"))) == ["tiny.yaml"]


def test_a_wrong_search_is_one_line_and_exit_code_2(
    workplace: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(workplace, trials="none")
    assert search_here(monkeypatch) == 2
    assert capsys.readouterr().err.startswith("error: tiny.yaml:")
    assert not Path(".ablate").exists()


def test_a_search_of_which_no_trial_ends_says_so(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_tiny_search(store.parent, trials="1")
    path.write_text(path.read_text().replace("epochs: 2", "epochs: 2000") + "timeout: 1s\n")
    with monkeypatch.context() as slow:
        seconds = itertools.count(step=10)
        slow.setattr(Clock, "seconds", lambda clock: next(seconds))
        assert search_here(monkeypatch) == 1
    assert "None of 1 trial (1 failed) is complete." in capsys.readouterr().out


def test_failed_trials_are_trained_again_if_that_is_requested(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(store.parent, trials="3", parallel="1", pruner="none")
    performed: list[str] = []

    def fail_the_second(run: Run, checkpoint: bytes | None, device: str) -> Iterator[Event]:
        performed.append(run.id)
        return iter([Failed("bad luck")]) if len(performed) == 2 else perform(run, checkpoint, device)

    with monkeypatch.context() as unlucky:
        unlucky.setattr("ablate.executors.inprocess.perform", fail_the_second)
        assert search_here(monkeypatch) == 0
    assert "Best of 3 trials (1 failed)" in capsys.readouterr().out.replace("\n", " ")
    assert search_here(monkeypatch) == 0
    assert "epoch" not in capsys.readouterr().out
    assert search_here(monkeypatch, "--retry-failed") == 0
    shown = capsys.readouterr().out.replace("\n", " ")
    assert "3 trials, 1 of them finished already." in shown
    assert "Best of 3 trials:" in shown
    assert search_here(monkeypatch, "--retry-failed") == 0
    assert "3 trials, 3 of them finished already." in capsys.readouterr().out


def test_a_search_whose_workers_are_killed_says_so_and_continues_with_the_same_command(
    store: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_search(store.parent, trials="2", parallel="1", pruner="none")
    for trained, left in ((0, "no trial has finished"), (1, "1 of 2 trials are not finished")):
        counter = itertools.count()

        def train_some(
            run: Run, checkpoint: bytes | None, device: str, trained: int = trained, counter: Iterator[int] = counter
        ) -> Iterator[Event]:
            lost = next(counter) >= trained
            return iter([Lost("its worker died")]) if lost else perform(run, checkpoint, device)

        with monkeypatch.context() as unlucky:
            unlucky.setattr("ablate.executors.inprocess.perform", train_some)
            assert search_here(monkeypatch) == 1
        shown = capsys.readouterr()
        assert "its worker died, twice; the next sweep resumes it" in shown.out
        assert left in shown.err
        assert "the same command continues" in shown.err
    assert search_here(monkeypatch) == 0
    assert "Best of 2 trials:" in capsys.readouterr().out
