"""The journal of told trials, and what a power cut may do to it."""

import errno
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ablate.strategies.journal import Journal, journal_path
from ablate.strategies.search import Searching
from tests.helpers.searches import facts, made_up_search, run_to_its_end

SEARCH = made_up_search(trials=6)


def journal(root: Path, warnings: list[str] | None = None) -> Journal:
    return Journal(root, SEARCH, (warnings if warnings is not None else []).append)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The journal of a whole search."""
    root = tmp_path_factory.mktemp("root")
    book = journal(root)
    run_to_its_end(Searching(SEARCH, on_tell=book.tell))
    return journal_path(root, SEARCH.name).read_bytes()


def put(root: Path, content: bytes) -> Path:
    path = journal_path(root, SEARCH.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_finished_trials_are_read_back(tmp_path: Path, written: bytes) -> None:
    put(tmp_path, written)
    assert facts(journal(tmp_path).finished()) == facts(run_to_its_end(Searching(SEARCH)))


@settings(deadline=None, max_examples=30)
@given(share=st.floats(0, 1))
def test_a_journal_that_was_cut_off_keeps_its_whole_lines(
    share: float, tmp_path_factory: pytest.TempPathFactory, written: bytes
) -> None:
    root = tmp_path_factory.mktemp("cut")
    put(root, written[: int(share * len(written))])
    warnings: list[str] = []
    book = journal(root, warnings)
    assert warnings == []
    strategy = Searching(SEARCH, book.finished(), on_tell=book.tell)
    assert (
        facts(run_to_its_end(strategy)) == facts(journal(root).finished()) == facts(run_to_its_end(Searching(SEARCH)))
    )


@pytest.mark.parametrize("garbage", [b"garbage\n", b"[1]\n", b'{"op_code": 99}\n', b"\xff\xfe\n"])
def test_a_damaged_journal_is_set_aside_and_named(garbage: bytes, tmp_path: Path, written: bytes) -> None:
    path = put(tmp_path, written + garbage)
    warnings: list[str] = []
    assert journal(tmp_path, warnings).finished() == []
    assert len(warnings) == 1
    assert warnings[0].startswith(f"{path}: is damaged")
    assert path.with_name(f"{path.name}.damaged").read_bytes() == written + garbage


def test_a_disk_that_is_full_damages_no_journal(
    tmp_path: Path, written: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*args: object, **words: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = put(tmp_path, written)
    monkeypatch.setattr("optuna.create_study", full)
    with pytest.raises(OSError, match="No space left"):
        journal(tmp_path)
    assert path.read_bytes() == written


def test_another_version_of_a_search_begins_anew_beside_the_old_one(tmp_path: Path, written: bytes) -> None:
    put(tmp_path, written)
    other = Journal(tmp_path, made_up_search(seed=1), list[str]().append)
    assert other.finished() == []
    assert len(journal(tmp_path).finished()) == 6


def test_a_lock_that_a_killed_search_left_behind_keeps_nobody_waiting(tmp_path: Path, written: bytes) -> None:
    path = put(tmp_path, written)
    path.with_suffix(".lock").touch()
    Path(f"{path}.lock").symlink_to(path)  # Optuna's own kind
    book = journal(tmp_path)
    book.tell(book.finished()[0])
    assert len(book.finished()) == 7
