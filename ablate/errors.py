"""Errors for the user: which rule was broken and where, what was given, and what is allowed."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Steps = tuple[str | int, ...]
"""The path to a key or an item inside a YAML document: `("vary", "model.heads", 1)`."""


@dataclass(frozen=True)
class Place:
    """A position in a file; lines and columns count from 1, as in editors."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class AblateError(Exception):
    """A problem that the user can fix; the command line prints it in one line, without a traceback."""

    exit_code = 2


class NotTunedError(AblateError):
    """The settings of a study's arms are unknown: they are not tuned yet, or were tuned for another version of it."""


class UnfinishedError(AblateError):
    """Runs were left to the next sweep, since something killed their workers."""

    exit_code = 1


class StudyError(AblateError):
    """A study breaks a rule.

    Attributes:
        path: the offending key or item inside the study. `load_study` replaces it by a line and a column; the error of
            a study that was built in Python shows the path itself.
        message: what is wrong, without the path.
        place: the position in the study's file, once it is known.
        of_key: whether the key itself is wrong, rather than its value.
    """

    def __init__(self, path: Steps, message: str, place: Place | None = None, *, of_key: bool = False) -> None:
        self.path, self.message, self.place, self.of_key = path, message, place, of_key
        where = str(place) if place else " > ".join(str(step) for step in path)
        super().__init__(f"{where}: {message}" if where else message)


def suggest(given: object, allowed: Iterable[str], listed: Iterable[str] | None = None) -> str:
    """List what is allowed (or `listed`, if that is too long), after a guess: "did you mean 'x'? allowed: x, y"."""
    names = list(allowed)
    close = difflib.get_close_matches(str(given)[:100], names, n=1, cutoff=0.6)
    hint = f"did you mean '{close[0]}'? " if close else ""
    return f"{hint}allowed: {', '.join(names if listed is None else listed)}"


def quote(value: object, width: int = 60) -> str:
    """Quote what the user gave, cut to what fits into the one line of an error."""
    text = repr(value)
    return text if len(text) <= width else text[: width - 1] + "…"


def explain(error: Mapping[str, Any]) -> str:
    """Rewrite one of pydantic's messages as a sentence about what is allowed."""
    text: str = error["msg"]
    text = text.replace("Input should be", "must be").removeprefix("Value error, ").split(" or instance of ")[0]
    return text.replace("a valid dictionary", "a mapping").replace("a valid list", "a list")
