"""Figures that are not drawn again where nothing has changed: drawing takes most of the time of a report.

.ablate/figures/<report>.json    what the figures of a report were drawn from, and what their files hold
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path

import ablate
from ablate.project import STATE
from ablate.records.files import make_folder, read_json, write_json


def draw_if_changed(folder: Path, inputs: Iterable[bytes], draw: Callable[[], dict[str, str]]) -> dict[str, str]:
    """The figures of the report in `folder`: those in its files, or new ones.

    New ones are drawn if the inputs, the code or matplotlib have changed since they were drawn last, or if the files
    were changed, added to or removed.

    Args:
        folder: of the report; its figures are in `figures`.
        inputs: all that the figures depend on.
        draw: draws them, each as SVG by its name.
    """
    note = STATE / "figures" / f"{folder.name}.json"
    drawn_from = _digest([str(folder).encode(), _code(), version("matplotlib").encode(), *inputs])
    kept = {path.stem: path.read_text(encoding="utf-8") for path in sorted((folder / "figures").glob("*.svg"))}
    if read_json(note) == {"drawn from": drawn_from, "files": _digest_of(kept)}:
        return kept
    drawn = draw()
    make_folder(note.parent)
    write_json(note, {"drawn from": drawn_from, "files": _digest_of(drawn)})
    return drawn


def _digest_of(figures: dict[str, str]) -> str:
    return _digest(f"{name} {content}".encode() for name, content in sorted(figures.items()))


def _digest(parts: Iterable[bytes]) -> str:
    """The SHA-256 of a list of contents: of their own digests, so that moving bytes from one to the next shows."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


@lru_cache(maxsize=1)
def _code() -> bytes:
    """A digest of the source of this package, whichever part of it a figure depends on."""
    sources = sorted(Path(ablate.__file__).parent.rglob("*.py"))
    return _digest(path.read_bytes() for path in sources).encode()
