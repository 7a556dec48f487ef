"""Files that survive a kill and a power cut: they are written completely or not at all, and checked when read."""

from __future__ import annotations

import errno
import hashlib
import json
import os
from pathlib import Path
from typing import Any

SYNC_UNSUPPORTED = (errno.EINVAL, errno.ENOTSUP, errno.ENOSYS)
"""What `fsync` of a folder answers on file systems that do not have it."""


def write_atomic(path: Path, content: bytes) -> None:
    """Replace a file in one step: after a power cut at any moment there is the old content or the new one.

    Raises:
        OSError: the file cannot be written, for instance since the disk is full. The error has the file's name, and
            the old file is unchanged.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")  # another process may be writing the same file
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())  # before the rename, or the new name could outlive the content
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)  # on a full disk, it would only take up room
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Write the list of names in a folder to disk; until then, a power cut can undo a rename or a new file.

    Does nothing on file systems that write names in their own time (CIFS, many FUSE file systems).
    """
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in SYNC_UNSUPPORTED:
            raise OSError(error.errno, error.strerror or str(error), str(folder)) from None
    finally:
        os.close(descriptor)


def make_folder(folder: Path) -> None:
    """Create a folder if there is none, and delete the temporary files that a killed process left in it."""
    folder.mkdir(parents=True, exist_ok=True)
    _sync_folder(folder.parent)
    for stale in folder.glob(".*.tmp"):
        stale.unlink()


def move_folder(folder: Path, target: Path) -> None:
    """Move a folder with everything in it in one step.

    Raises:
        OSError: there is something at the target already.
    """
    os.rename(folder, target)
    _sync_folder(target.parent)


def write_json(path: Path, value: Any) -> None:
    """Write plain data atomically.

    Raises:
        ValueError: the data contain NaN or an infinity, which JSON does not have.
    """
    write_atomic(path, (json.dumps(value, indent=1, allow_nan=False) + "\n").encode())


def read_json(path: Path) -> Any:
    """Read plain data; None if it does not exist or is damaged (cut off, empty, followed by garbage)."""
    try:
        return json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


def seal(content: bytes) -> bytes:
    """Put a line with its SHA-256 before a content, for `unseal` to check."""
    return b"sha256 " + hashlib.sha256(content).hexdigest().encode() + b"\n" + content


def unseal(sealed: bytes) -> bytes | None:
    """The content that was sealed, or None if it is not exactly that any more."""
    content = sealed.partition(b"\n")[2]
    return content if seal(content) == sealed else None


def hash_file(path: Path) -> str | None:
    """The SHA-256 of a file, or None if it does not exist."""
    if not path.exists():
        return None
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def set_aside(path: Path) -> Path:
    """Rename a damaged file so that it is not read any more; returns its new path."""
    aside = path.with_name(f"{path.name}.damaged")
    os.replace(path, aside)
    return aside
