"""Files survive a power cut at any byte."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.records.files import make_folder, move_folder, read_json, seal, unseal, write_atomic, write_json


def test_a_crash_while_a_file_is_written_leaves_the_old_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomic(path, b"old")

    def crash(descriptor: int) -> None:
        raise OSError("power cut")

    monkeypatch.setattr(os, "fsync", crash)
    with pytest.raises(OSError, match="power cut"):
        write_atomic(path, b"new")
    assert path.read_bytes() == b"old"


def test_data_that_json_does_not_have_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json(tmp_path / "file.json", {"loss": float("nan")})


def test_a_write_that_fails_names_the_file_and_leaves_no_temporary_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left on device") as caught:
        write_atomic(tmp_path / "file", b"new")
    assert caught.value.filename == str(tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def refuse_folders(number: int) -> Callable[[int], None]:
    """An `fsync` that refuses folders, as some file systems do."""
    sync = os.fsync

    def fsync(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            raise OSError(number, os.strerror(number))
        sync(descriptor)

    return fsync


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_that_cannot_sync_folders_has_files_all_the_same(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse_folders(number))
    make_folder(tmp_path / "a" / "b")
    write_atomic(tmp_path / "a" / "b" / "file", b"new")
    move_folder(tmp_path / "a" / "b", tmp_path / "c")
    assert (tmp_path / "c" / "file").read_bytes() == b"new"


def test_a_folder_that_is_not_put_on_disk_is_an_error_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "fsync", refuse_folders(errno.EIO))
    with pytest.raises(OSError, match=os.strerror(errno.EIO)) as caught:
        write_atomic(tmp_path / "file", b"new")
    assert caught.value.filename == str(tmp_path)


@given(st.binary())
def test_sealed_content_is_read_back(content: bytes) -> None:
    assert unseal(seal(content)) == content


@given(st.binary(max_size=200), st.data())
def test_sealed_content_that_was_changed_is_not_read(content: bytes, data: st.DataObject) -> None:
    sealed = seal(content)
    cut = data.draw(st.integers(0, len(sealed) - 1))
    assert unseal(sealed[:cut]) is None
    assert unseal(sealed + data.draw(st.binary(min_size=1))) is None
    flipped = bytes([sealed[cut] ^ data.draw(st.integers(1, 255))])
    assert unseal(sealed[:cut] + flipped + sealed[cut + 1 :]) is None


def test_json_that_is_cut_off_anywhere_counts_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "file.json"
    write_json(path, {"a": [1, {"b": "é"}]})
    complete = path.read_bytes()
    assert read_json(path) == {"a": [1, {"b": "é"}]}
    for end in range(len(complete.rstrip())):
        path.write_bytes(complete[:end])
        assert read_json(path) is None
    assert read_json(tmp_path / "nothing.json") is None


def test_making_a_folder_deletes_temporary_files_of_a_killed_process(tmp_path: Path) -> None:
    folder = tmp_path / "a" / "b"
    make_folder(folder)
    (folder / ".file.tmp").touch()
    (folder / "file").touch()
    make_folder(folder)
    assert [path.name for path in folder.iterdir()] == ["file"]
