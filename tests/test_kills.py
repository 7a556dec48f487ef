"""Sweeps that are killed at any moment, and whose files are damaged, end as if nothing had happened."""

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from ablate.studies.planning import Design
from tests.helpers.kills import check_mirror, damage, finish, kill_a_worker, kill_once, recorded
from tests.helpers.tiny import write_tiny_study

IN_PROCESS = ("--executor", "inprocess")
LOCAL = ("--workers", "2")


@pytest.fixture
def folder(tmp_path: Path, empty_store: Path) -> Path:
    """Where nothing was swept yet."""
    write_tiny_study(tmp_path)
    shutil.copy(empty_store, tmp_path / "mlflow.db")
    return tmp_path


def check_untouched(folder: Path, swept: tuple[Path, Design]) -> None:
    """The record is, file by file, that of a sweep that was never touched, and MLflow has it once."""
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
    check_untouched(folder, swept)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(5))
def test_kills_and_damaged_files_change_no_bit(folder: Path, swept: tuple[Path, Design], seed: int) -> None:
    chance = random.Random(seed)
    if seed % 2:
        (folder / "mlflow.db").unlink()  # the making of the store may be cut off, too
    for _ in range(5):
        kill_once(folder, chance, 8, *IN_PROCESS)
        damage(folder, chance)
    assert "Traceback" not in finish(folder, *IN_PROCESS)
    check_untouched(folder, swept)


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
    check_untouched(folder, swept)


def judged(folder: Path) -> dict[str, Any]:
    """What a report says, and of which runs it says it, but for what the clock says."""
    facts = json.loads((folder / "reports" / "tiny" / "metrics.json").read_text())
    return {"runs": facts["runs"], "arms": {arm: _timeless(said) for arm, said in facts["arms"].items()}}


def _timeless(said: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name != "seconds"}


def ended(folder: Path) -> dict[str, dict[str, Any]]:
    """What is recorded of each run that ended: how far one came that a look made needless depends on the clock."""
    files = recorded(folder)
    runs = [path.parent for path in folder.glob(".ablate/runs/*/result.json")]
    return {run.name: {name: files[name] for name in files if run.name in name} for run in runs}


@pytest.mark.slow
def test_a_killed_sweep_until_decided_gives_the_same_verdicts_from_the_same_runs(
    tmp_path: Path, empty_store: Path
) -> None:
    folders = [tmp_path / "killed", tmp_path / "untouched"]
    for folder in folders:
        folder.mkdir()
        write_tiny_study(folder, seeds="{looks: [2, 4, 6]}")
        shutil.copy(empty_store, folder / "mlflow.db")
    chance = random.Random(0)
    for _ in range(5):
        chance.choice([kill_once, kill_a_worker])(folders[0], chance, 15, *LOCAL)
    for folder in folders:
        finish(folder, *LOCAL)
    assert judged(folders[0]) == judged(folders[1])
    killed, untouched = map(ended, folders)
    both = killed.keys() & untouched.keys()
    assert len(both) >= judged(folders[0])["runs"]["used"], "at least those that the verdicts rest on"
    assert {run: killed[run] for run in both} == {run: untouched[run] for run in both}
