"""What a run says about the code that trained it, also when it was resumed by other code."""

from __future__ import annotations

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from ablate.records.record import Record
from ablate.training import loop
from ablate.training.environment import CODE, Origin, environment
from ablate.training.events import Ended, EpochEnded, Started
from ablate.training.loop import train
from ablate.training.origin import (
    MAX_CHANGES,
    Code,
    Stretch,
    continues,
    join_stretches,
    read_code,
    split_stretches,
)
from tests.helpers.tiny import tiny_run


def git(folder: Path, *words: str) -> str:
    who = ["-c", "user.name=tester", "-c", "user.email=tester@localhost"]
    return subprocess.run(
        ["git", "-C", folder, *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """A package in a repository of its own, where it is not committed yet."""
    path = tmp_path / "ablate"
    path.mkdir()
    (path / "__init__.py").write_text("first\n")
    git(tmp_path, "init", "--quiet")
    return path


def commit(folder: Path) -> str:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")[:12]


def test_the_commit_is_that_of_the_checkout(package: Path) -> None:
    found = commit(package.parent)
    assert (read_code(package).commit, read_code(package).changes) == (found, "")


def test_code_with_changes_has_their_diff_and_another_digest(package: Path) -> None:
    found, before = commit(package.parent), read_code(package)
    (package / "__init__.py").write_text("second\n")
    code = read_code(package)
    assert code.commit == f"{found}+"
    assert "\n-first\n+second\n" in code.changes
    assert code.source != before.source
    git(package.parent, "stash")
    assert read_code(package) == before


def test_a_new_file_changes_the_code_and_its_content_is_not_kept(package: Path) -> None:
    before = commit(package.parent), read_code(package)
    (package / "new.py").write_text("password = 1\n")
    code = read_code(package)
    assert (code.commit, code.changes) == (f"{before[0]}+", "")
    assert code.source != before[1].source


def test_the_lock_file_of_an_editor_is_not_code(package: Path) -> None:
    before = read_code(package)
    (package / ".#loop.py").symlink_to("somebody@somewhere")
    assert read_code(package).source == before.source


def test_changes_beside_the_code_do_not_count(package: Path) -> None:
    found = commit(package.parent)
    (package.parent / "notes.txt").write_text("mine")
    assert read_code(package).commit == found


def test_an_installed_copy_inside_somebody_elses_repository_has_no_commit(package: Path) -> None:
    (package.parent / "theirs.txt").write_text("theirs")
    git(package.parent, "add", "theirs.txt")
    git(package.parent, "commit", "--quiet", "--message", "theirs")
    assert read_code(package).commit == "unknown"


def test_a_large_diff_is_cut_and_says_so(package: Path) -> None:
    commit(package.parent)
    (package / "__init__.py").write_text("é" * MAX_CHANGES)
    changes = read_code(package).changes
    assert len(changes.encode()) <= MAX_CHANGES
    assert changes.splitlines()[-1] == "# Cut off here: the diff has more than 1,000,000 bytes."


ENVIRONMENTS = st.fixed_dictionaries({"commit": st.sampled_from(["a", "b+"]), "threads": st.sampled_from([1, 2])})


@given(st.lists(ENVIRONMENTS, min_size=1, max_size=5))
def test_the_values_of_all_stretches_can_be_read_back(environments: list[dict[str, Any]]) -> None:
    stretches: list[Stretch] = []
    for until, found in enumerate(environments, 1):
        stretches = continues(stretches, found, until)
    joined = join_stretches(stretches)
    for name in ("commit", "threads"):
        values = [str(found[name]) for found in environments]
        changes = [value for value, before in zip(values, [None, *values], strict=False) if value != before]
        assert split_stretches(str(joined[name])) == changes


def test_a_run_that_was_resumed_by_other_code_has_both(tmp_path: Path) -> None:
    first = next(train(tiny_run(), origin=Origin(Code("a+", "1111", "first diff", "1.0"))))
    assert isinstance(first, EpochEnded)
    assert first.source == "1111"
    *_, end = train(tiny_run(), first.checkpoint, origin=Origin(Code("b+", "2222", "second diff", "1.1"), "node-3"))
    assert isinstance(end, Ended)
    both = {
        "ablate": "1.0 up to epoch 1, then 1.1",
        "commit": "a+ up to epoch 1, then b+",
        "changes": "1111 up to epoch 1, then 2222",
        "node": "node-3",
    }
    assert end.environment == environment("cpu") | both
    for event in (Started(0, "cpu"), end):
        Record(tmp_path).write_event(tiny_run(), event)
    kept = {path.name: path.read_text() for path in (tmp_path / "changes").iterdir()}
    assert kept == {"1111.diff": "first diff", "2222.diff": "second diff"}


def test_a_run_that_was_resumed_by_the_same_code_has_one_environment() -> None:
    first = next(train(tiny_run()))
    assert isinstance(first, EpochEnded)
    assert first.source == CODE.source
    *_, end = train(tiny_run(), first.checkpoint)
    assert isinstance(end, Ended)
    assert end.environment == environment("cpu")


def test_a_checkpoint_of_an_older_version_has_an_unknown_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loop, "environment", lambda device, origin: {"commit": "b", "device": device})
    first = next(train(tiny_run()))
    assert isinstance(first, EpochEnded)
    trainer = loop.Trainer(tiny_run(), "cpu")
    state = torch.load(io.BytesIO(first.checkpoint), weights_only=True)
    del state["stretches"], state["changes"]
    buffer = io.BytesIO()
    torch.save(state, buffer)
    trainer.restore(buffer.getvalue())
    trainer.advance()
    assert trainer.end_finished().environment == {"commit": "unknown up to epoch 1, then b", "device": "cpu"}
