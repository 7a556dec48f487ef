"""Searches that are killed at any moment, and whose files are damaged, end with the same trials and the same runs."""

import random
import shutil
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from mlflow import MlflowClient

from tests.helpers.kills import damage, finish, kill_once, recorded
from tests.helpers.searches import write_tiny_search

IN_PROCESS = ("--executor", "inprocess")
LOCAL = ("--workers", "2")


def start(folder: Path, empty_store: Path, **replace: str) -> Path:
    write_tiny_search(folder, **replace)
    shutil.copy(empty_store, folder / "mlflow.db")
    return folder


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """A folder in which the search finished without a kill."""
    folder = start(tmp_path_factory.mktemp("untouched"), empty_store)
    finish(folder, *IN_PROCESS, command="search")
    assert set(trials(folder).state) == {"complete", "pruned"}
    return folder


@pytest.fixture
def folder(tmp_path: Path, empty_store: Path) -> Path:
    return start(tmp_path, empty_store)


def runs(folder: Path) -> dict[str, Any]:
    """The record without the checkpoints of pruned runs, in which the clock's times stand."""
    return {name: content for name, content in recorded(folder).items() if not name.endswith("checkpoint.pt")}


def trials(folder: Path) -> pd.DataFrame:
    return pd.read_csv(folder / "reports" / "tiny" / "data" / "trials.csv")


def check_untouched(folder: Path, untouched: Path) -> None:
    """The same runs, file by file; the same trials, in their order; each run in MLflow once, with each epoch once."""
    pd.testing.assert_frame_equal(trials(folder), trials(untouched))
    assert runs(folder) == runs(untouched)
    client = MlflowClient(tracking_uri=f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    told = client.search_runs([experiment.experiment_id])
    tried = trials(folder)
    assert sorted(run.data.tags["ablate.run"] for run in told) == sorted(set(tried.run.dropna()))
    assert sum(run.info.status == "KILLED" for run in told) == sum(tried.state == "pruned")
    for run in told:
        steps = [point.step for point in client.get_metric_history(run.info.run_id, "val/psnr")]
        assert steps == sorted(set(steps))


def test_the_number_of_workers_changes_no_trial(folder: Path, untouched: Path) -> None:
    finish(folder, *LOCAL, command="search")
    check_untouched(folder, untouched)


@pytest.mark.parametrize(("executor", "kills"), [(IN_PROCESS, 3), (LOCAL, 2)], ids=["in process", "local"])
def test_kills_at_any_moment_lose_and_repeat_no_trial(
    folder: Path, untouched: Path, executor: tuple[str, ...], kills: int
) -> None:
    chance = random.Random(kills)
    for _ in range(kills):
        kill_once(folder, chance, 5, *executor, command="search")
    finish(folder, *executor, command="search")
    check_untouched(folder, untouched)


@pytest.fixture(scope="module")
def unpruned(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """A folder in which every trial of a search finished without a kill."""
    folder = start(tmp_path_factory.mktemp("unpruned"), empty_store, pruner="none")
    finish(folder, *IN_PROCESS, command="search")
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kills_and_damaged_files_lose_and_repeat_no_trial(
    tmp_path: Path, empty_store: Path, unpruned: Path, seed: int
) -> None:
    """Without pruning: the damaged files of a run that was given up stay so, since nobody trains it any more."""
    folder, chance = start(tmp_path, empty_store, pruner="none"), random.Random(seed)
    for _ in range(5):
        kill_once(folder, chance, 8, *IN_PROCESS, command="search")
        damage(folder, chance)
    assert "Traceback" not in finish(folder, *IN_PROCESS, command="search")
    check_untouched(folder, unpruned)
