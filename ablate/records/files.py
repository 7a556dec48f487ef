"""Files that survive a kill and a power cut: written whole or not at all, and checked when they are read."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any


def write_atomic(path: Path, content: bytes) -> None:
    """Write a file so that, whenever the power goes, there is either the old one or the new one.

    Raises:
        OSError: the disk is full or the like, with the file's name; then the old file is still there.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # nobody else's, though two may write one file
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)  # on a full disk, what is half written is in the way
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Put the names in a folder on disk: a file or a folder is only there for good when its name is."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Make a folder that is empty of what a kill left half written."""
    folder.mkdir(parents=True, exist_ok=True)
    _sync_folder(folder.parent)
    for stale in folder.glob(".*.tmp"):
        stale.unlink()


def place_folder(folder: Path, place: Path) -> None:
    """Move a folder to its place with all that is in it at once, whenever the power goes.

    Raises:
        OSError: something is there already.
    """
    os.rename(folder, place)
    _sync_folder(place.parent)


def write_json(path: Path, value: Any) -> None:
    """Write plain data atomically; NaN is no JSON and is an error."""
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Plain data, or None if there is no such file or it is damaged: cut off, empty, followed by garbage."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def seal(content: bytes) -> bytes:
    """`content` under a line by which `unseal` knows it again."""
    return b"sha256 " + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unseal(sealed: bytes) -> bytes | None:
    """What was sealed, or None if it is not all there."""
    content = sealed.partition(b"\n")[2]
    return content if seal(content) == sealed else None


def digest(path: Path) -> str | None:
    """The SHA-256 of a file, None if there is none."""
    if not path.exists():
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(path: Path) -> Path:
    """Rename a file that is not to be read any more; its new name."""
    aside = path.with_name(f"{path.name}.damaged")
    os.replace(path, aside)
    return aside
