"""What a run says about the code that trained it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.training import environment


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=tester", "-c", "user.email=tester@localhost"]
    return subprocess.run(
        ["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The module's file as if it lay in a repository of its own, where it is not committed yet."""
    path = tmp_path / "ablate" / "training" / "environment.py"
    path.parent.mkdir(parents=True)
    path.write_text("first")
    git(tmp_path, "init", "--quiet")
    monkeypatch.setattr(environment, "__file__", str(path))
    environment._commit.cache_clear()
    yield path
    environment._commit.cache_clear()


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")[:12]


def test_the_commit_is_that_of_the_checkout(module: Path, tmp_path: Path) -> None:
    found = commit(tmp_path)
    assert environment.environment("cpu")["commit"] == found


def test_code_with_changes_is_not_its_commit(module: Path, tmp_path: Path) -> None:
    found = commit(tmp_path)
    module.write_text("second")
    assert environment.environment("cpu")["commit"] == f"{found}+"


def test_changes_beside_the_code_do_not_count(module: Path, tmp_path: Path) -> None:
    found = commit(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    assert environment.environment("cpu")["commit"] == found


def test_an_installed_copy_inside_somebody_elses_repository_has_no_commit(module: Path, tmp_path: Path) -> None:
    (tmp_path / "theirs.txt").write_text("theirs")
    git(tmp_path, "add", "theirs.txt")
    git(tmp_path, "commit", "--quiet", "--message", "theirs")
    assert environment.environment("cpu")["commit"] == "unknown"
