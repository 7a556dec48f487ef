"""Sweeps that are killed at any moment, or whose files are damaged, end with the same record as undisturbed ones."""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator
from multiprocessing import forkserver
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from ablate.studies.planning import Design
from tests.helpers.clusters import processes, wait_until
from tests.helpers.kills import check_mirror, damage, finish, kill_a_worker, kill_once, recorded
from tests.helpers.tiny import write_tiny_study

IN_PROCESS = ("--executor", "inprocess")
LOCAL = ("--workers", "2")
CLUSTER = ("--executor", "ray", "--workers", "2")


@pytest.fixture
def folder(tmp_path: Path, empty_store: Path) -> Path:
    """A folder with a study in which nothing has been swept yet."""
    write_tiny_study(tmp_path)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return tmp_path


@pytest.fixture
def own_temporary_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Where only this test puts temporary files, so only its clusters have it in their command lines.

    Its name is short, since those of sockets, which are in it, must be.
    """
    forkserver.ensure_running()  # its socket is needed longer than this folder
    with TemporaryDirectory(prefix="kills-", ignore_cleanup_errors=True) as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield folder


def check_as_undisturbed(folder: Path, swept: tuple[Path, Design]) -> None:
    """The record is, file by file, that of an undisturbed sweep, and MLflow has each run once."""
    assert recorded(folder) == recorded(swept[0])
    check_mirror(folder)


@pytest.mark.parametrize(("executor", "kills"), [(IN_PROCESS, 3), (LOCAL, 2)], ids=["in process", "local"])
def test_five_kills_at_any_moment_change_no_bit(
    folder: Path, swept: tuple[Path, Design], executor: tuple[str, ...], kills: int
) -> None:
    chance = random.Random(kills)
    for _ in range(kills):
        kill_once(folder, chance, 5, *executor)
    finish(folder, *executor)
    check_as_undisturbed(folder, swept)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kills_and_damaged_files_change_no_bit(folder: Path, swept: tuple[Path, Design], seed: int) -> None:
    chance = random.Random(seed)
    if seed % 2:
        (folder / "mlflow.db").unlink()  # so a kill can interrupt the creation of the store, too
    for _ in range(5):
        kill_once(folder, chance, 8, *IN_PROCESS)
        damage(folder, chance)
    assert "Traceback" not in finish(folder, *IN_PROCESS)
    check_as_undisturbed(folder, swept)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kills_of_the_driver_and_of_its_workers_change_no_bit(
    folder: Path, swept: tuple[Path, Design], seed: int
) -> None:
    chance = random.Random(seed)
    for _ in range(5):
        kill = chance.choice([kill_once, kill_a_worker])
        kill(folder, chance, 15, *LOCAL)
        if chance.random() < 0.5:
            damage(folder, chance)
    finish(folder, *LOCAL)
    check_as_undisturbed(folder, swept)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_kills_of_a_driver_and_of_workers_of_a_cluster_change_no_bit_and_leave_no_process(
    folder: Path, swept: tuple[Path, Design], seed: int, own_temporary_folder: str
) -> None:
    chance = random.Random(seed)
    for kill in (kill_once, kill_a_worker, kill_once):
        kill(folder, chance, 30, *CLUSTER)
        wait_until(lambda: not processes(own_temporary_folder))
    finish(folder, *CLUSTER)
    assert not processes(own_temporary_folder)
    check_as_undisturbed(folder, swept)


def verdicts(folder: Path) -> dict[str, Any]:
    """The results in a report, and the runs that they are based on, without measured times."""
    facts = json.loads((folder / "reports" / "tiny" / "metrics.json").read_text())
    return {"runs": facts["runs"], "arms": {arm: _without_times(values) for arm, values in facts["arms"].items()}}


def _without_times(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name != "seconds"}


def ended_runs(folder: Path) -> dict[str, dict[str, Any]]:
    """The record of each run that has ended; how far unneeded runs came before they were stopped depends on timing."""
    files = recorded(folder)
    runs = [path.parent for path in folder.glob(".ablate/runs/*/result.json")]
    return {run.name: {name: files[name] for name in files if run.name in name} for run in runs}


@pytest.mark.slow
def test_a_killed_sweep_until_decided_gives_the_same_verdicts_from_the_same_runs(
    tmp_path: Path, empty_store: Path
) -> None:
    folders = [tmp_path / "killed", tmp_path / "undisturbed"]
    for folder in folders:
        folder.mkdir()
        write_tiny_study(folder, seeds="{looks: [2, 4, 6]}")
        shutil.copy(empty_store, folder / "mlflow.db")
    chance = random.Random(0)
    for _ in range(5):
        chance.choice([kill_once, kill_a_worker])(folders[0], chance, 15, *LOCAL)
    for folder in folders:
        finish(folder, *LOCAL)
    assert verdicts(folders[0]) == verdicts(folders[1])
    killed, undisturbed = map(ended_runs, folders)
    both = killed.keys() & undisturbed.keys()
    assert len(both) >= verdicts(folders[0])["runs"]["used"], "at least the runs that the verdicts are based on"
    assert {run: killed[run] for run in both} == {run: undisturbed[run] for run in both}
