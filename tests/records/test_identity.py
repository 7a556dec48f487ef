"""The id of a record is drawn once, and again for a copy; drawing it disturbs nothing that is being written."""

import os
import shutil
from pathlib import Path

import pytest

from ablate.records.identity import keep_apart_from_copies, record_id


def test_a_record_keeps_its_id_and_two_records_have_different_ones(tmp_path: Path) -> None:
    one, two = record_id(tmp_path / "one"), record_id(tmp_path / "two")
    assert record_id(tmp_path / "one") == one != two


def test_a_file_that_is_being_written_stays(tmp_path: Path) -> None:
    """The mirror draws the id in a thread of its own, while the sweep writes `running.json`."""
    unfinished = tmp_path / ".running.json.7.tmp"
    unfinished.write_text("{")
    record_id(tmp_path)
    assert unfinished.exists()


@pytest.mark.parametrize("damage", [b"", b"0123", b"f" * 32 + b"\n", b"\xff\x00" * 16, b"g" * 32])
def test_a_damaged_id_is_that_of_the_place(original: Path, damage: bytes) -> None:
    first = record_id(original)
    (original / "id").write_bytes(damage)
    assert record_id(original) == first == settled_id(original)
    (original / "place").unlink()
    assert record_id(original) == first, "it was written again"


def test_an_id_that_the_user_has_deleted_is_drawn_again(original: Path) -> None:
    first = record_id(original)
    (original / "id").unlink()
    assert settled_id(original) != first


def test_a_copy_with_a_damaged_id_gets_one_of_its_own(original: Path) -> None:
    first = record_id(original)
    copy = Path(shutil.copytree(original, original.parent / "copy"))
    (copy / "id").write_bytes(b"")
    assert settled_id(copy) != first == settled_id(original)


@pytest.fixture
def original(tmp_path: Path) -> Path:
    """A record that has been used."""
    root = tmp_path / "original" / ".ablate"
    record_id(root)
    keep_apart_from_copies(root, pytest.fail)
    return root


def settled_id(root: Path) -> str:
    keep_apart_from_copies(root, pytest.fail)
    return record_id(root)


def test_a_copy_gets_an_id_of_its_own_once_and_the_original_keeps_its_own(original: Path) -> None:
    first = record_id(original)
    copy = Path(shutil.copytree(original, original.parent / "copy"))
    second = settled_id(copy)
    assert second != first == settled_id(original)
    assert settled_id(copy) == second
    assert settled_id(Path(shutil.copytree(copy, original.parent / "third"))) not in (first, second)


def test_a_record_that_is_moved_restored_or_reached_by_another_path_keeps_its_id(original: Path) -> None:
    first = record_id(original)
    (original.parent / "link").symlink_to(original)
    assert settled_id(original.parent / "link") == first
    moved = Path(shutil.move(original, original.parent / "moved"))
    assert settled_id(moved) == first
    copy = shutil.copytree(moved, moved.parent / "backup")
    shutil.rmtree(moved)
    assert settled_id(Path(shutil.copytree(copy, moved))) == first, "restored from a backup that was never used"
    shutil.rmtree(moved)
    assert settled_id(copy) == first, "the original is gone"


@pytest.mark.parametrize("shared", [True, False])
def test_a_record_from_another_machine_is_said_once_unless_its_folder_is_shared(
    shared: bool, original: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = record_id(original)
    root = original if shared else Path(shutil.copytree(original, original.parent / "copy"))
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    warnings: list[str] = []
    for _ in range(2):
        keep_apart_from_copies(root, warnings.append)
    assert record_id(root) == first
    assert len(warnings) == (0 if shared else 1)
    assert all(f"on {os.uname().nodename}. If that one is still used" in line for line in warnings)
