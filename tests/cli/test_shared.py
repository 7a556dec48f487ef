"""What commands share: how the command line starts, and a home for users without one."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.commands import typed
from tests.helpers.committed import ROOT


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
