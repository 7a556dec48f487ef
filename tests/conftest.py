"""What many tests share: a study of tiny networks, swept once, and copies of what that left behind."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: tiny networks wait for their threads more than they use
os.environ.setdefault("RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER", "0")  # before Ray: clusters listen on loopback only

import pytest

from ablate.records.record import Record
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from tests.helpers.tiny import write_tiny_study


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Design]:
    """A folder in which the tiny study has been swept, without MLflow; not to be changed."""
    from ablate.executors.inprocess import InProcessExecutor
    from ablate.pipeline.sweep import sweep
    from ablate.strategies.fixed import Fixed

    folder = tmp_path_factory.mktemp("swept")
    study = load_study(write_tiny_study(folder))
    sweep(Fixed(study.runs), InProcessExecutor(), Record(folder / ".ablate"))
    return folder, study


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder of the test's own, with no tracking server set."""
    if mlflow := sys.modules.get("mlflow.tracking._tracking_service.utils"):
        # where each run's files are, which differs in a copy of a folder; a process of a user's has one folder
        mlflow._artifact_repos_cache.clear()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture
def swept_copy(swept: tuple[Path, Design], workplace: Path) -> tuple[Record, Design]:
    """The current folder holds a copy of the tiny study's record."""
    folder, study = swept
    shutil.copytree(folder / ".ablate", workplace / ".ablate")
    shutil.copy(folder / "tiny.yaml", workplace)
    return Record(), study


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An MLflow database without runs: making one takes seconds, copying it none."""
    from mlflow import MlflowClient

    path = tmp_path_factory.mktemp("store") / "mlflow.db"
    MlflowClient(tracking_uri=f"sqlite:///{path}").search_experiments()
    return path


@pytest.fixture
def store(empty_store: Path, workplace: Path) -> Path:
    """The current folder's MLflow store, empty."""
    return Path(shutil.copy(empty_store, workplace / "mlflow.db"))
