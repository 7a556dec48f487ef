"""The pictures in a folder: which files there are, how they are divided, and a hash of their content.

    DIR/*                         pictures, to be divided by fractions
    DIR/train, validation, test   pictures that the user has divided
    noisy/ and clean/             in place of the pictures of any of these folders: pairs, by equal names

Nothing is decoded here. The hash depends neither on the names of files nor on where the folder is.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, get_args

from ablate.errors import AblateError, quote, suggest

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npy")
"""The suffixes of files that are pictures: the keys of `formats.FORMATS`."""

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
"""What images are for. A folder that the user has divided has a folder of each of these names."""

PAIR = ("clean", "noisy")


@dataclass(frozen=True)
class Entry:
    """A picture, or a pair of them.

    Attributes:
        part: the folder of `SPLITS` that it is in; empty if the folder is not divided.
        path, noisy_path: the files; `noisy_path` is empty unless it is a pair.
        clean, noisy: the hash of the content of each.
    """

    part: str
    path: str
    clean: str
    noisy_path: str = ""
    noisy: str = ""

    @classmethod
    def of(cls, part: str, clean: Path, noisy: Path | None = None) -> Entry:
        """The entry of these files, which are read now."""
        pair = (str(noisy), digest_of(noisy)) if noisy else ()
        return cls(part, str(clean), digest_of(clean), *pair)

    @property
    def name(self) -> str:
        """The name of the file."""
        return Path(self.path).name

    @property
    def files(self) -> dict[str, Path]:
        """Its one or two files, by the hashes of their content."""
        return {self.clean: Path(self.path)} | ({self.noisy: Path(self.noisy_path)} if self.noisy else {})

    @property
    def digests(self) -> list[str]:
        """The hash of the content of each of its files, the clean one first."""
        return [self.clean, self.noisy] if self.noisy else [self.clean]


def content_of(folder: Path, skip: Collection[str] = ()) -> str:
    """A hash of the content of a folder's pictures.

    Raises:
        AblateError: see `list_pictures`.
    """
    facts = sorted([entry.part, *entry.digests] for entry in list_pictures(folder, skip))
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def list_pictures(folder: Path, skip: Collection[str] = ()) -> list[Entry]:
    """The pictures in a folder, without those whose names are in `skip`, in the order of their content.

    Raises:
        AblateError: the folder or a picture is missing, a picture has no partner, or two are the same.
    """
    if not folder.is_dir():
        raise AblateError(f"{folder}: {'not a folder' if folder.exists() else 'the folder does not exist'}")
    _check_skipped(folder, skip)
    present: list[str] = [part for part in SPLITS if (folder / part).is_dir()]
    if present and len(present) < len(SPLITS):
        missing = ", ".join(part for part in SPLITS if part not in present)
        raise AblateError(f"{folder}: has {', '.join(present)} but not {missing}; allowed: all three of them, or none")
    entries = [entry for part in present or [""] for entry in _list_part(folder, part, skip)]
    if len({bool(entry.noisy) for entry in entries}) > 1:
        raise AblateError(f"{folder}: {' and '.join(PAIR)} in some of its folders, but not in all of them")
    if not present and len(entries) < len(SPLITS):
        rule = "one or more each for training, validation and test are needed"
        raise AblateError(f"{folder}: only {_count(len(entries))}; {rule}, and two for a test with an error")
    _check_different(entries)
    order = ("", *SPLITS)
    return sorted(entries, key=lambda entry: (order.index(entry.part), entry.digests))


def _check_skipped(folder: Path, skip: Collection[str]) -> None:
    names = {path.name for path in folder.rglob("*") if path.is_file()}
    for name in skip:
        if name not in names:
            raise AblateError(f"{folder}: has no file {quote(name)} to omit; {suggest(name, sorted(names)[:20])}")


def _list_part(folder: Path, part: str, skip: Collection[str]) -> Iterator[Entry]:
    inside = folder / part
    halves = [half for half in PAIR if (inside / half).is_dir()]
    if len(halves) == 1:
        (missing,) = set(PAIR) - set(halves)
        raise AblateError(f"{inside}: has {halves[0]}/ but not {missing}/; pairs need both")
    if not halves:
        files = _files(inside, skip)
        yield from (Entry.of(part, path) for path in files.values())
    else:
        clean, noisy = (_files(inside / half, skip) for half in PAIR)
        for name in sorted(clean.keys() ^ noisy.keys()):
            half, other = PAIR if name in clean else PAIR[::-1]
            rule = "each clean picture has one noisy picture of the same name"
            raise AblateError(f"{inside / half / name}: has no partner {quote(name)} in {inside / other}; {rule}")
        yield from (Entry.of(part, path, noisy[name]) for name, path in clean.items())


def _files(folder: Path, skip: Collection[str]) -> dict[str, Path]:
    """The pictures directly inside a folder, by their names."""
    found = {path.name: path for path in sorted(folder.iterdir()) if path.suffix.lower() in SUFFIXES}
    files = {name: path for name, path in found.items() if path.is_file() and name[0] != "." and name not in skip}
    if not files:
        raise AblateError(f"{folder}: has no pictures; allowed: files that end with {', '.join(SUFFIXES)}")
    return files


def _count(number: int) -> str:
    return f"{number} picture{'' if number == 1 else 's'}"


def _check_different(entries: list[Entry]) -> None:
    """Copies could be on both sides of the division, and then the test would be of what was trained on."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        if (first := seen.setdefault(entry.clean, entry)) is not entry:
            rule = "several noisy pictures of one clean one are not possible; " if entry.noisy else ""
            fact = f"{entry.path}: the same picture as {first.path}"
            raise AblateError(f"{fact}; {rule}remove one, or omit it by its name")


def digest_of(file: Path) -> str:
    """A hash of a file's content, which is read again only if its size or its time of change is another one."""
    facts = file.stat()
    return _digest(file, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _digest(file: Path, size: int, changed: int) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:32]


def digest_of_bytes(content: bytes) -> str:
    """The same hash of content that has been read."""
    return hashlib.sha256(content).hexdigest()[:32]
