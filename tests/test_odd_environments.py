"""Whole commands in odd environments: terminals, users, file systems and settings that are not ours.

A row of `ENVIRONMENTS` is an environment and a command. It says how the command is started, the exit code, and words
that are printed:

    Odd("a pipe that closes", "report tiny.yaml", start=shell('"$@" | head -2'), code=0, says=("tiny, margin 0.25",))

The command is run in a copy of a folder in which the tiny study has been swept (`tests/helpers/tiny.py`), in seconds.
With `trains=True` it begins with nothing recorded; such a row takes half a minute and is marked `slow`. Give it
`--executor inprocess` unless it is about workers. A traceback is never expected. `prepare` and `check` get the folder,
to change it before and to assert something about it afterwards. All fields are in `tests/helpers/odd.py`.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path

import pytest

import ablate
from tests.helpers.odd import Odd, try_in
from tests.helpers.tiny import write_tiny_study

TRAIN = "sweep tiny.yaml --executor inprocess"
ALL_FINISHED = ("tiny: 4 finished",)


def shell(script: str) -> tuple[str, ...]:
    """Start a command by a shell script, in which `"$@"` is the command; fails where any part of a pipe fails."""
    return ("bash", "-o", "pipefail", "-c", script, "bash")


ENVIRONMENTS = (
    Odd("nothing odd", "status", says=ALL_FINISHED),
    Odd("nothing odd", TRAIN, trains=True, says=("with seed 0: finished", "Report: reports/tiny/README.md")),
)


@pytest.fixture(scope="session")
def swept_folder(tmp_path_factory: pytest.TempPathFactory, empty_store: Path) -> Path:
    """A folder in which the tiny study has been swept, with its report and its runs in MLflow; not to be changed."""
    folder = tmp_path_factory.mktemp("odd")
    write_tiny_study(folder)
    shutil.copy(empty_store, folder / "mlflow.db")
    with contextlib.chdir(folder), pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        ablate.sweep("tiny.yaml", executor="inprocess")
    return folder


@pytest.mark.parametrize(
    "odd",
    [pytest.param(odd, id=str(odd), marks=[pytest.mark.slow] if odd.trains else []) for odd in ENVIRONMENTS],
)
def test_a_command_works_in_an_odd_environment(odd: Odd, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    if odd.trains:
        write_tiny_study(tmp_path)
        shutil.copy(request.getfixturevalue("empty_store"), tmp_path / "mlflow.db")
    else:
        shutil.copytree(request.getfixturevalue("swept_folder"), tmp_path, dirs_exist_ok=True)
    try_in(tmp_path, odd)
