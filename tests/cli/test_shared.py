"""What commands share: tables that cut off no name, how the command line starts, and a home for users without one."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.table import Table

from ablate.cli._shared import make_table
from tests.helpers.commands import typed
from tests.helpers.committed import ROOT

NAMES = [f"data.filled.density=0.0003, data.noisy.density=0.0003, depth={depth}" for depth in (2, 4, 12)]
HEADINGS = ("arm", "compared with", "runs to train", "already recorded", "parameters")


def printed(table: Table, width: int) -> list[list[str]]:
    """The cells of the printed lines, one list per line of text."""
    console = Console(file=io.StringIO(), width=width)
    console.print(table)
    assert isinstance(console.file, io.StringIO)
    lines = [line for line in console.file.getvalue().splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


@pytest.mark.parametrize("width", [60, 80, 200])
def test_names_that_differ_only_at_their_ends_stay_distinct(width: int) -> None:
    table = make_table(
        "A study", HEADINGS, [(name, NAMES[0], "3", "0", "171,317") for name in NAMES], texts=HEADINGS[:2]
    )
    lines = printed(table, width)
    for column, expected in ((0, NAMES), (1, [NAMES[0]] * len(NAMES))):
        text = "".join(line[column] for line in lines).replace(" ", "")
        assert text == "".join(expected).replace(" ", "")
    assert not any("…" in cell for line in lines for cell in line)


def test_texts_are_aligned_left_and_numbers_right() -> None:
    table = make_table("A study", ("arm", "verdict", "seeds"), [("a", "worse", "3")], texts=("verdict",))
    assert [column.justify for column in table.columns] == ["left", "left", "right"]


def test_python_m_ablate_imports_no_file_of_the_current_folder(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    for name in ("queue", "rich", "typer", "ruamel"):
        (workplace / f"{name}.py").write_text("raise SystemExit('a file of the current folder was executed')")
    done = subprocess.run([sys.executable, "-m", "ablate", "status"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_only_a_user_without_a_home_folder_gets_the_name_of_one(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/of/somebody")
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert os.environ["HOME"] == "/home/of/somebody"

    def fail() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", fail)
    assert typed("status", monkeypatch=monkeypatch) == 0
    assert os.environ["HOME"] == "/nonexistent"
