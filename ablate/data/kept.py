"""Pictures as arrays that are decoded once and kept, so that no epoch and no later run decodes them again.

.ablate/pictures/<hash of a file>.npy     its pixels (H, W, C) in their own type, memory-mapped where they are used
.ablate/pictures/<hash of a file>.json    what they are (`Facts`), so that checks need not read them
.ablate/pictures/<content>.json           the pictures that a run's `data.content` stands for (`Listed`)

All can be deleted: they are made again from the pictures. A run trains on what its content stands for, also if the
folder changes in the meantime.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.errors import AblateError
from ablate.images.files import read_picture
from ablate.images.folders import content_of, digest_of, list_pictures
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


@dataclass(frozen=True)
class Listed:
    """A picture, or a pair of them, whose pixels are kept: `noisy` is empty unless it is a pair."""

    part: str
    path: str
    clean: str
    noisy: str = ""


def listed(data: DataConfig) -> tuple[Listed, ...]:
    """The pictures that the content of a run stands for, whose pixels are kept from now on.

    Raises:
        AblateError: they are neither kept nor in the folder, or one is damaged or no picture.
    """
    return _listed(data, folder())


@lru_cache(maxsize=64)
def _listed(data: DataConfig, kept: Path) -> tuple[Listed, ...]:
    """The same, remembered for the folder in which arrays are kept."""
    path = kept / f"{data.content}.json"
    if path.exists():
        entries = tuple(Listed(*fields) for fields in json.loads(path.read_bytes()))
        if all(_pixels_file(digest).exists() for entry in entries for digest in (entry.clean, entry.noisy) if digest):
            return entries
    if content_of(Path(data.path), data.omit) != data.content:
        raise AblateError(f"{data.path}: its pictures have changed since the runs were planned; start the sweep again")
    found = []
    for entry in list_pictures(Path(data.path), data.omit):
        digests = [_keep(file) for file in entry.files]
        found.append(Listed(entry.part, str(entry.clean), *digests))
    _write(path, json.dumps([list(asdict(entry).values()) for entry in found]).encode())
    return tuple(found)


def _keep(file: Path) -> str:
    """Decode a picture unless its pixels are kept already; returns the hash by which they are."""
    digest = digest_of(file)
    if not _pixels_file(digest).exists() or not _facts_file(digest).exists():
        content = file.read_bytes()
        pixels = read_picture(file).pixels
        if hashlib.sha256(content).hexdigest()[:32] != digest:
            raise AblateError(f"{file}: has changed while it was read; start again")
        buffer = io.BytesIO()
        np.save(buffer, np.ascontiguousarray(pixels), allow_pickle=False)
        mean = tuple(float(value) for value in pixels.mean(axis=(0, 1), dtype=np.float64))
        height, width, _ = pixels.shape
        facts = Facts(height, width, pixels.dtype.name, float(pixels.min()), float(pixels.max()), mean)
        _write(_pixels_file(digest), buffer.getvalue())
        _write(_facts_file(digest), json.dumps(asdict(facts)).encode())
    return digest


@lru_cache(maxsize=4096)
def facts_of(digest: str) -> Facts:
    """The facts of a picture that is kept."""
    found: dict[str, Any] = json.loads(_facts_file(digest).read_bytes())
    return Facts(**found | {"mean": tuple(found["mean"])})


@lru_cache(maxsize=1024)
def pixels_of(digest: str) -> NDArray[Any]:
    """The pixels (H, W, C) of a picture that is kept, memory-mapped: only what is used is read."""
    pixels: NDArray[Any] = np.load(_pixels_file(digest), mmap_mode="r", allow_pickle=False)
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
