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
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import ablate
from tests.helpers.committed import ROOT
from tests.helpers.odd import Odd, try_in
from tests.helpers.tiny import write_tiny_study

TRAIN = "sweep tiny.yaml --executor inprocess"
ALL_FINISHED = ("tiny: 4 finished",)
LINES = ("with seed 1: epoch 1/2", "without seed 1: epoch 2/2")


def shell(script: str) -> tuple[str, ...]:
    """Start a command by a shell script, in which `"$@"` is the command; fails where any part of a pipe fails."""
    return ("bash", "-o", "pipefail", "-c", script, "bash")


TERMINAL = (sys.executable, "-c", "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))")
"""Starts a command in a terminal, of whatever kind `TERM` says."""

ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": None}
"""A locale whose encoding is ASCII, also that of files which are opened without one."""

FULL = "error: the output is incomplete: no space left on device"

HIDDEN_CURSOR = "\x1b[?25l"
"""What a live view begins with."""


NOBODY = (
    *("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups"),
    *("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search"),  # the Python of root may be in root's home
    *("env", "--unset=HOME", "PYTHONDONTWRITEBYTECODE=1"),
)
"""Starts a command as a user who has neither a name nor a home, and may read everything but write nothing of root's."""

NO_FOLDER_SYNC = """
import os, stat
sync = os.fsync
def fsync(descriptor):
    if stat.S_ISDIR(os.fstat(descriptor).st_mode):
        raise OSError(22, "Invalid argument")
    sync(descriptor)
os.fsync = fsync
"""


def give_to_nobody(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.chown(path, 12345, 12345)


def let_everybody_read(folder: Path) -> None:
    folder.chmod(0o755)


def begin_a_run(folder: Path) -> None:
    """Write that a run is being trained, as the sweep that holds the lock does."""
    run = next(folder.glob(".ablate/runs/*"))
    (folder / ".ablate" / "running.json").write_text(f'{{"{run.name}": {{"pid": 7, "slot": 0, "device": "cpu"}}}}')


def refuse_to_sync_folders(folder: Path) -> None:
    (folder / "site").mkdir()
    (folder / "site" / "sitecustomize.py").write_text(NO_FOLDER_SYNC)


def name_an_arm_beyond_latin(folder: Path) -> None:
    write_tiny_study(folder, reference="ohne Brücken ∞")
    text = (folder / "tiny.yaml").read_text(encoding="utf-8").replace("  with:", "  ohne Brücken ∞:")
    (folder / "tiny.yaml").write_text(text, encoding="utf-8")


def check_that_mlflow_has_the_name(folder: Path) -> None:
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as store:
        assert ("ohne Brücken ∞ seed 0",) in store.execute("SELECT name FROM runs").fetchall()
        assert store.execute("SELECT count(*) FROM runs WHERE name = 'report'").fetchone() == (1,)


def draw_again_with(matplotlibrc: str) -> Callable[[Path], None]:
    """Put a file of matplotlib's settings into the folder, and see to it that figures are drawn again."""

    def prepare(folder: Path) -> None:
        (folder / "matplotlibrc").write_text(matplotlibrc)
        shutil.rmtree(folder / ".ablate" / "figures")
        shutil.copytree(folder / "reports", folder / "before")

    return prepare


def check_same_report(folder: Path) -> None:
    for path in (folder / "before" / "tiny").rglob("*.*"):
        assert path.read_bytes() == (folder / "reports" / path.relative_to(folder / "before")).read_bytes(), path


def check_that_all_are_trained(folder: Path) -> None:
    assert len([*folder.glob(".ablate/runs/*/result.json")]) == 4
    assert (folder / "reports" / "tiny" / "README.md").exists()


def name_files_like_modules(folder: Path) -> None:
    for name in ("pickle", "queue", "rich", "signal", "socket", "torch"):
        (folder / f"{name}.py").write_text("raise SystemExit('a file of the current folder was executed')")


def make_a_driver_that_only_counts(folder: Path) -> None:
    """Compile a library of a GPU's driver that counts a GPU and can do nothing else."""
    (folder / "nvml.c").write_text(
        "int nvmlInit(void) { return 0; } int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return 0; }"
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", "libnvidia-ml.so.1", "nvml.c"], cwd=folder, check=True)


CAN_MAKE_A_DRIVER = shutil.which("cc") is not None and not Path("/dev/nvidiactl").exists()

A_FALSE_GPU = Odd(
    "a GPU that cannot be used",
    "sweep tiny.yaml --dry-run",
    env={"LD_LIBRARY_PATH": ".", "CUDA_VISIBLE_DEVICES": "0"},
    prepare=make_a_driver_that_only_counts,
    says=("training on the CPU.", "Nothing to train."),
)

ENVIRONMENTS = (
    Odd("a terminal in ASCII", "status", env={"PYTHONIOENCODING": "ascii"}, says=ALL_FINISHED),
    Odd("a terminal in ASCII", "--help", env={"PYTHONIOENCODING": "ascii"}, says=("Usage",)),
    Odd("a terminal in ASCII", "report tiny.yaml", env={"PYTHONIOENCODING": "ascii"}, says=("| without |", "-3.83 [")),
    Odd("a terminal in Latin-1", "describe tiny.yaml", env={"PYTHONIOENCODING": "latin-1"}, says=("+-- encoder",)),
    Odd("a locale in ASCII", "report tiny.yaml", env=ASCII, says=("-3.83 [",)),
    Odd(
        "a locale in ASCII and an arm's name that it lacks",
        TRAIN,
        env=ASCII,
        prepare=name_an_arm_beyond_latin,
        says=("ohne Br?cken ? seed 0: finished",),
        never=("not sent to MLflow",),
        check=check_that_mlflow_has_the_name,
        trains=True,
    ),
    *(
        Odd("a matplotlibrc", "report tiny.yaml", prepare=draw_again_with(lines), check=check_same_report)
        for lines in ("text.usetex: True", "axes.grid: True\nfont.family: monospace\nsvg.fonttype: path")
    ),
    Odd(
        "a matplotlib backend that does not exist",
        "report tiny.yaml",
        env={"MPLBACKEND": "qt4agg"},
        prepare=draw_again_with(""),
        check=check_same_report,
    ),
    *(
        Odd("a read-only folder", command, start=NOBODY, prepare=let_everybody_read, says=says, as_root=True)
        for command, says in (
            ("status", ALL_FINISHED),
            ("report tiny.yaml --check", ("undecided after 2 seeds", "No claims")),
            ("describe tiny.yaml", ("Not linear",)),
        )
    ),
    Odd(
        "a read-only folder in which a sweep is running",
        "status",
        start=("flock", ".ablate/lock", *NOBODY),
        prepare=begin_a_run,
        says=("3 finished, 1 running", "process 7, slot 0 on cpu"),
        as_root=True,
    ),
    Odd(
        "neither a name nor a home",
        TRAIN,
        start=NOBODY,
        prepare=give_to_nobody,
        says=("Runs:   ablate ui",),
        never=("not sent to MLflow",),
        check=check_that_all_are_trained,
        trains=True,
        as_root=True,
    ),
    Odd(
        "a file system that cannot sync folders",
        TRAIN,
        env={"PYTHONPATH": f"site{os.pathsep}{ROOT}"},
        prepare=refuse_to_sync_folders,
        check=check_that_all_are_trained,
        trains=True,
    ),
    Odd("closed standard output", "status", start=shell('"$@" >&-')),
    *(
        Odd("a full disk", command, start=shell('"$@" > /dev/full'), code=code, says=(FULL,))
        for command, code in (("status", 1), ("--help", 1), ("sweep tiny.yaml --dry-run", 1), ("sweep tiny.yaml", 0))
    ),
    Odd("a reader that is gone", "report tiny.yaml", start=shell('"$@" | true')),
    Odd("a reader that goes", TRAIN, start=shell('"$@" | head -2'), check=check_that_all_are_trained, trains=True),
    Odd("colours in a file", TRAIN, env={"FORCE_COLOR": "1"}, says=LINES, never=(HIDDEN_CURSOR,), trains=True),
    Odd("a dumb terminal", TRAIN, env={"TERM": "dumb"}, start=TERMINAL, says=LINES, never=("\x1b",), trains=True),
    Odd("files named like modules", "status", prepare=name_files_like_modules, says=ALL_FINISHED),
    Odd(
        "files named like modules",
        "sweep tiny.yaml --workers 1",
        prepare=name_files_like_modules,
        says=("without seed 1: finished",),
        trains=True,
    ),
    Odd(
        "files named like modules",
        "sweep tiny.yaml --executor ray --workers 1",
        prepare=name_files_like_modules,
        says=("without seed 1: finished",),
        trains=True,
    ),
    *(
        (
            A_FALSE_GPU,
            replace(A_FALSE_GPU, command="sweep tiny.yaml --device cuda", code=2, says=("allowed: auto, cpu",)),
        )
        if CAN_MAKE_A_DRIVER
        else ()
    ),
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
    if odd.as_root and os.geteuid() != 0:
        pytest.skip("only root can start a command so")
    if odd.trains:
        write_tiny_study(tmp_path)
        shutil.copy(request.getfixturevalue("empty_store"), tmp_path / "mlflow.db")
    else:
        shutil.copytree(request.getfixturevalue("swept_folder"), tmp_path, dirs_exist_ok=True)
    try_in(tmp_path, odd)
