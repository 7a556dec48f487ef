"""Pictures as arrays that are decoded once and kept, so that no epoch and no later run decodes them again.

.ablate/pictures/<hash of a file>.npy     its pixels (H, W, C) in their own type
.ablate/pictures/<hash of a file>.json    what they are (`Facts`), so that checks need not read them
.ablate/pictures/<content>.json           the pictures that a run's `data.content` stands for (`Entry`)

All can be deleted: they are made again from the pictures, and so are damaged ones. A run trains on what its content
stands for, even if the folder changes in the meantime.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from ablate.errors import AblateError
from ablate.images.files import decode_picture
from ablate.images.folders import Entry, content_of, digest_of_bytes, list_pictures
from ablate.project import STATE, find_project
from ablate.settings import DataConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray


def folder() -> Path:
    """The folder of all kept arrays, in the project."""
    return find_project() / STATE / "pictures"


@dataclass(frozen=True)
class Facts:
    """What the pixels of a picture are.

    Attributes:
        low, high: the least and the greatest value.
        mean: of each channel.
    """

    height: int
    width: int
    dtype: str
    low: float
    high: float
    mean: tuple[float, ...]


FACTS, ENTRIES = TypeAdapter(Facts), TypeAdapter(tuple[Entry, ...])


def listed(data: DataConfig) -> tuple[Entry, ...]:
    """The pictures that the content of a run stands for, whose pixels are kept from now on.

    Without a content, they are those in the folder.

    Raises:
        AblateError: they are neither kept nor in the folder, or one is damaged or no picture.
    """
    return _listed(data, folder())


@lru_cache(maxsize=64)
def _listed(data: DataConfig, kept: Path) -> tuple[Entry, ...]:
    """The same, remembered for the folder in which arrays are kept."""
    path = kept / f"{data.content}.json"
    with suppress(OSError, ValidationError):  # it is missing or damaged
        entries = ENTRIES.validate_json(path.read_bytes())
        if all(_is_kept(digest) for entry in entries for digest in entry.digests):
            return entries
    content = content_of(Path(data.path), data.omit)
    if data.content not in ("", content):
        fact = f"{data.path}: the content of its pictures is {content}, not {data.content}"
        raise AblateError(f"{fact}: they have changed since the runs were planned; start the sweep again")
    entries = tuple(list_pictures(Path(data.path), data.omit))
    for entry in entries:
        for digest, file in entry.files.items():
            _keep(file, digest)
    _write(kept / f"{content}.json", ENTRIES.dump_json(entries))
    return entries


def _is_kept(digest: str) -> bool:
    """Whether the pixels of a picture are kept, as many as its facts say."""
    try:
        facts = FACTS.validate_json(_facts_file(digest).read_bytes())
        pixels = np.load(_pixels_file(digest), mmap_mode="r", allow_pickle=False)
    except Exception:  # a damaged file can raise many kinds
        return False
    return bool((*pixels.shape, pixels.dtype.name) == (facts.height, facts.width, len(facts.mean), facts.dtype))


def _keep(file: Path, digest: str) -> None:
    """Decode a picture, whose content has this hash, unless its pixels are kept already."""
    if _is_kept(digest):
        return
    content = file.read_bytes()  # what is decoded is what is hashed, even if the file changes now
    if digest_of_bytes(content) != digest:
        raise AblateError(f"{file}: has changed while it was read; start again")
    pixels = decode_picture(file, content).pixels
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(pixels), allow_pickle=False)
    mean = tuple(float(value) for value in pixels.mean(axis=(0, 1), dtype=np.float64))
    height, width, _ = pixels.shape
    facts = Facts(height, width, pixels.dtype.name, float(pixels.min()), float(pixels.max()), mean)
    _write(_pixels_file(digest), buffer.getvalue())
    _write(_facts_file(digest), FACTS.dump_json(facts))


@lru_cache(maxsize=4096)
def facts_of(digest: str) -> Facts:
    """The facts of a picture that is kept."""
    return FACTS.validate_json(_facts_file(digest).read_bytes())


LARGE = 1 << 20
"""Bytes from which an array is memory-mapped. Each mapping needs a file handle, of which a process has few."""


def pixels_of(digest: str) -> NDArray[Any]:
    """The pixels (H, W, C) of a picture that is kept. Of a large one, only what is used is read."""
    facts = facts_of(digest)
    size = facts.height * facts.width * len(facts.mean) * np.dtype(facts.dtype).itemsize
    return _map(digest) if size >= LARGE else _read(digest)


@lru_cache(maxsize=128)
def _map(digest: str) -> NDArray[Any]:
    pixels: NDArray[Any] = np.load(_pixels_file(digest), mmap_mode="r", allow_pickle=False)
    return pixels


@lru_cache(maxsize=512)
def _read(digest: str) -> NDArray[Any]:
    pixels: NDArray[Any] = np.load(_pixels_file(digest), allow_pickle=False)
    return pixels


def _pixels_file(digest: str) -> Path:
    return folder() / f"{digest}.npy"


def _facts_file(digest: str) -> Path:
    return folder() / f"{digest}.json"


def _write(path: Path, content: bytes) -> None:
    """Write a file at once, so that other processes that keep the same picture see all of it or nothing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as file:
        file.write(content)
    os.replace(file.name, path)
