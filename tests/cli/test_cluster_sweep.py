"""Whole commands on a Ray cluster give what they give on one machine."""

import json
import shutil
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from tests.helpers.clusters import cluster_of_three
from tests.helpers.commands import mlflow_runs, typed
from tests.helpers.kills import recorded
from tests.helpers.searches import write_tiny_search
from tests.helpers.tiny import write_tiny_study
from tests.helpers.tuned import write_tuned_study

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator["Cluster"]:
    with cluster_of_three() as cluster:
        yield cluster


def on_both(
    command: str, workplace: Path, store: Path, cluster: "Cluster", monkeypatch: pytest.MonkeyPatch
) -> tuple[Path, Path]:
    """The folders in which `tiny.yaml` was run on the cluster, and in this process."""
    folders = workplace / "cluster", workplace / "here"
    options = ("--executor", "ray", "--address", cluster.address), ("--executor", "inprocess")
    for folder, words in zip(folders, options, strict=True):
        folder.mkdir()
        for path in (workplace / "tiny.yaml", store):
            shutil.copy(path, folder)
        monkeypatch.chdir(folder)
        typed(command, "tiny.yaml", *words, monkeypatch=monkeypatch)
    monkeypatch.chdir(folders[0])
    return folders


def table(folder: Path, name: str) -> list[dict[str, Any]]:
    """A table of the report's data, without what the clock says, and the machine."""
    rows = pd.read_csv(folder / "reports" / "tiny" / "data" / f"{name}.csv")
    clocks = ["began", "ended", "cost/train_seconds", "time", "time/seconds", "time/images_per_second", "env/node"]
    return json.loads(rows.drop(columns=clocks, errors="ignore").to_json(orient="records"))  # type: ignore[no-any-return]


def verdicts(folder: Path) -> dict[str, Any]:
    arms = json.loads((folder / "reports" / "tiny" / "metrics.json").read_text())["arms"]
    return {arm: {name: value for name, value in facts.items() if name != "seconds"} for arm, facts in arms.items()}


def test_a_sweep_has_the_same_record_and_all_runs_in_mlflow(
    workplace: Path, store: Path, cluster: "Cluster", monkeypatch: pytest.MonkeyPatch
) -> None:
    write_tiny_study(workplace)
    folders = on_both("sweep", workplace, store, cluster, monkeypatch)
    ours, theirs = map(recorded, folders)
    assert len([name for name in ours if name.endswith("result.json")]) == 4
    assert ours == theirs
    assert [run.info.status for run in mlflow_runs()] == ["FINISHED"] * 4


@pytest.mark.parametrize(
    ("write", "command", "name"),
    [
        (partial(write_tiny_study, seeds="{looks: [2, 4]}"), "sweep", "runs"),
        (write_tuned_study, "sweep", "tuning"),
        (write_tiny_search, "search", "trials"),
    ],
    ids=["seeds until decided", "tuned arms", "a search"],
)
def test_what_proposes_runs_as_results_come_in_proposes_the_same(
    write: Callable[[Path], Path],
    command: str,
    name: str,
    workplace: Path,
    store: Path,
    cluster: "Cluster",
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(workplace)
    ours, theirs = on_both(command, workplace, store, cluster, monkeypatch)
    assert table(ours, name) == table(theirs, name)
    if command == "sweep":
        assert verdicts(ours) == verdicts(theirs)


def test_a_dry_run_counts_the_nodes(
    workplace: Path, cluster: "Cluster", monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write_tiny_study(workplace)
    monkeypatch.setenv("RAY_ADDRESS", cluster.address)
    assert typed("sweep", "tiny.yaml", "--executor", "ray", "--dry-run", monkeypatch=monkeypatch) == 0
    assert "in 3 slots" in capsys.readouterr().out
