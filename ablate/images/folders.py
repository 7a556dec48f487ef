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

from ablate.errors import AblateError, quote, suggest

SUFFIXES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".npy")
"""The suffixes of files that are pictures: the keys of `formats.FORMATS`."""

PARTS = ("train", "validation", "test")
PAIR = ("clean", "noisy")


@dataclass(frozen=True)
class Entry:
    """A picture, or a pair of them.

    Attributes:
        part: the folder of `PARTS` that it is in; empty if the folder is not divided.
        name: of the file.
        clean, noisy: the files; `noisy` is None unless it is a pair.
    """

    part: str
    name: str
    clean: Path
    noisy: Path | None = None

    @property
    def files(self) -> list[Path]:
        """Its one or two files."""
        return [self.clean] if self.noisy is None else [self.clean, self.noisy]

    @property
    def digests(self) -> list[str]:
        """The hash of the content of each of its files."""
        return [digest_of(file) for file in self.files]


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
    present = [part for part in PARTS if (folder / part).is_dir()]
    if present and len(present) < len(PARTS):
        missing = ", ".join(part for part in PARTS if part not in present)
        raise AblateError(f"{folder}: has {', '.join(present)} but not {missing}; allowed: all three of them, or none")
    entries = [entry for part in present or [""] for entry in _list_part(folder, part, skip)]
    if len({entry.noisy is None for entry in entries}) > 1:
        raise AblateError(f"{folder}: {' and '.join(PAIR)} in some of its folders, but not in all of them")
    if not present and len(entries) < len(PARTS):
        rule = "one or more each for training, validation and test are needed"
        raise AblateError(f"{folder}: only {_count(len(entries))}; {rule}, and two for a test with an error")
    _check_different(entries)
    return sorted(entries, key=lambda entry: (PARTS.index(entry.part) if entry.part else 0, entry.digests))


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
        yield from (Entry(part, name, path) for name, path in files.items())
    else:
        clean, noisy = (_files(inside / half, skip) for half in PAIR)
        for name in sorted(clean.keys() ^ noisy.keys()):
            half, other = PAIR if name in clean else PAIR[::-1]
            raise AblateError(f"{inside / half / name}: has no partner {quote(name)} in {inside / other}")
        yield from (Entry(part, name, path, noisy[name]) for name, path in clean.items())


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
    seen: dict[str, Path] = {}
    for entry in entries:
        digest = digest_of(entry.clean)
        if digest in seen:
            raise AblateError(f"{entry.clean}: the same picture as {seen[digest]}; remove one, or omit it by its name")
        seen[digest] = entry.clean


def digest_of(file: Path) -> str:
    """A hash of a file's content, which is read again only if its size or its time of change is another one."""
    facts = file.stat()
    return _digest(file, facts.st_size, facts.st_mtime_ns)


@lru_cache(maxsize=100_000)
def _digest(file: Path, size: int, changed: int) -> str:
    with open(file, "rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()[:32]
