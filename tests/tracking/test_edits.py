"""Whatever is edited and wherever it is trained, MLflow's prepared view shows the means of the report."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mlflow import MlflowClient

from ablate.metrics import RESULT_METRICS
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, load_requested, save_requested
from ablate.records.tables import load_epochs, load_results
from ablate.reporting.study.data import Data
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import build
from ablate.settings import Run
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.tracking.comparison import make_view
from ablate.tracking.mirror import Mirror
from ablate.training.events import Ended, Started
from tests.helpers.tiny import TINY


@dataclass(frozen=True)
class Edit:
    """A version of the study, and the folder in which it is swept next."""

    folder: str
    rates: dict[str, float]
    epochs: int
    seeds: list[int] | dict[str, int]


ARMS = st.lists(st.sampled_from(["a", "b", "c"]), min_size=2, max_size=3, unique=True)
EDITS = st.builds(
    lambda folder, arms, rates, epochs, seeds: Edit(folder, dict(zip(arms, rates, strict=False)), epochs, seeds),
    st.sampled_from(["one", "two"]),
    ARMS,
    st.permutations([0.01, 0.02, 0.03]),
    st.sampled_from([1, 2]),
    st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True) | st.just({"from": 2, "to": 4}),
)


def write(edit: Edit) -> Design:
    study = {
        "question": "What?",
        "base": {**TINY, "training.epochs": edit.epochs},
        "arms": {name: {"training.rate": rate} for name, rate in edit.rates.items()},
        "reference": next(iter(edit.rates)),
        "seeds": edit.seeds,
        "margin": 0.25,
    }
    Path("tiny.yaml").write_text(json.dumps(study))
    return load_study(Path("tiny.yaml"))


def train(run: Run, record: Record) -> None:
    """Record an invented result; every fourth run diverges."""
    number = int(run.id, 16)
    status: Literal["finished", "diverged"] = "finished" if number % 4 else "diverged"
    results = {metric.name: 1 + (number % 997) / 100 for metric in RESULT_METRICS} | {"zero/psnr": 0.5}
    record.write_event(run, Started(0, "cpu"))
    record.write_event(run, Ended(status, results, b"", b"", {"torch": "2"}, [{"epoch": 1, "time": 1.0}]))


def sweep(edit: Edit) -> Design:
    """Write and train the study in the current folder, and mirror it."""
    study, record = write(edit), Record()
    requested = RequestedRuns.of(study, load_requested(record.root, study.name))
    save_requested(record.root, requested)
    for run in study.runs:
        if record.needs_training(run.id):
            train(run, record)
    with Mirror(requested, record, lambda text: None):
        pass
    return study


def reported(study: Design) -> dict[str, float]:
    """The mean of each arm in `metrics.json`."""
    data = Data(load_results(study), load_epochs(study), {})
    return {name: arm["mean"] for name, arm in headlines(build(study, data))["arms"].items()}


def viewed(store: Path) -> dict[str, float]:
    """The mean of each arm in MLflow's view of the current folder's experiment."""
    client, here = MlflowClient(tracking_uri=f"sqlite:///{store}"), Path(".ablate/id").read_text()
    (experiment,) = [one for one in client.search_experiments() if one.tags.get("ablate.record") == here]
    search = json.loads(make_view("test/psnr", []))["searchFilter"]
    runs = client.search_runs([experiment.experiment_id], search)
    rows = [(run.data.tags["ablate.arm"], run.data.metrics["test/psnr"]) for run in runs]
    means = pd.DataFrame(rows, columns=["arm", "psnr"]).groupby("arm").psnr.mean()
    return {str(arm): float(mean) for arm, mean in means.items()}


@contextlib.contextmanager
def two_folders(empty_store: Path) -> Iterator[Path]:
    """A folder that holds two, and the store that these share."""
    with TemporaryDirectory() as place, pytest.MonkeyPatch.context() as patch:
        for name in ("one", "two"):
            Path(place, name).mkdir()
        store = Path(shutil.copy(empty_store, place))
        patch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{store}")
        yield store


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=2, max_size=4))
def test_after_any_edits_the_view_shows_the_means_of_the_report(edits: list[Edit], empty_store: Path) -> None:
    with two_folders(empty_store) as store:
        latest: dict[str, Design] = {}
        for edit in edits:
            with contextlib.chdir(store.parent / edit.folder):
                latest[edit.folder] = sweep(edit)
            for folder, study in latest.items():
                with contextlib.chdir(store.parent / folder):
                    assert viewed(store) == pytest.approx(reported(study), rel=1e-5)
