"""Errors that are written for the user: what rule, where, what was given, what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

Steps = tuple[str | int, ...]
"""The way to a key or an item inside a YAML document."""


@dataclass(frozen=True)
class Place:
    """A place in a file; lines and columns count from 1, as editors do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class AblateError(Exception):
    """Something that the user can mend; the CLI prints it as one line, without a traceback."""

    exit_code = 2


class NotTunedError(AblateError):
    """Nobody knows the settings of a study's arms yet, since they are not tuned, or were for another version of it."""


class StudyError(AblateError):
    """A study breaks a rule.

    `path` leads to the offending key or item inside the study (`("vary", "model.heads", 1)`), so that
    `load_study` can add the line and column; a study that was built in Python shows the path itself.
    `of_key` says that the key itself is wrong, not the value behind it.
    """

    def __init__(self, path: Steps, message: str, place: Place | None = None, *, of_key: bool = False) -> None:
        self.path, self.message, self.place, self.of_key = path, message, place, of_key
        where = str(place) if place else " > ".join(str(step) for step in path)
        super().__init__(f"{where}: {message}" if where else message)


def nearest(given: object, allowed: Iterable[str], listed: Iterable[str] | None = None) -> str:
    """`did you mean 'x'? ` if something allowed is close to what was given; then what is allowed, or `listed`."""
    names = list(allowed)
    close = difflib.get_close_matches(str(given)[:100], names, n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}allowed: {', '.join(names if listed is None else listed)}"


def shown(value: object, width: int = 60) -> str:
    """What the user gave, short enough for one line of an error."""
    text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"
