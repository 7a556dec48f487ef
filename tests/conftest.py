"""What many tests share: a study of tiny networks, swept once, and copies of what that left behind."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch: tiny networks wait for their threads more than they use

import pytest

from ablate.loading import load_study
from ablate.record import Record
from ablate.settings import Run, resolve
from ablate.study import Study

TINY = {
    "model.image_size": [16, 16],
    "model.depth": 1,
    "model.width": 8,
    "model.heads": 2,
    "model.decoder": "linear",
    "training.epochs": 2,
    "training.scenes": 64,
    "training.batch": 8,
    "training.rate": 0.01,
    "data.validation": 8,
    "data.test": 16,
}

TINY_STUDY = """\
question: Do tiny networks need their skips?
base:
{base}
arms:
  with: {{model.skip: both}}
  without: {{model.skip: none}}
reference: with
seeds: 2
margin: 0.25
"""


def tiny_run(seed: int = 0, **overrides: object) -> Run:
    """A run that trains in a tenth of a second; keywords name settings with `__` for the dot."""
    settings = resolve(TINY | {name.replace("__", "."): value for name, value in overrides.items()})
    return Run(model=settings.model, data=settings.data, training=settings.training, seed=seed)


def write_tiny_study(folder: Path, name: str = "tiny.yaml", **replace: str) -> Path:
    """A study file with two arms and two seeds; keywords replace lines by their key."""
    text = TINY_STUDY.format(base="\n".join(f"  {key}: {value}" for key, value in TINY.items()))
    for key, value in replace.items():
        text = "\n".join(f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.splitlines()) + "\n"
    path = folder / name
    path.write_text(text)
    return path


@pytest.fixture(scope="session")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    """A folder in which the tiny study has been swept, without MLflow; not to be changed."""
    from ablate.executors.inprocess import InProcessExecutor
    from ablate.planning import plan
    from ablate.sources.fixed import Fixed
    from ablate.sweep import sweep

    folder = tmp_path_factory.mktemp("swept")
    study = load_study(write_tiny_study(folder))
    sweep(Fixed(plan(study)), InProcessExecutor(), Record(folder / ".ablate"))
    return folder, study


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder of the test's own, with no tracking server set."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path


@pytest.fixture
def swept_copy(swept: tuple[Path, Study], workplace: Path) -> tuple[Record, Study]:
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
