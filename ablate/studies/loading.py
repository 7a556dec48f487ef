"""A study's file -> Design, a search's -> Search, with every error at its line and column."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ablate.errors import AblateError, Place, Steps, StudyError, nearest, shown
from ablate.settings import readable
from ablate.studies.planning import Design
from ablate.studies.search import Search
from ablate.studies.seeds import Until
from ablate.studies.space import Range, Tune
from ablate.studies.study import Expectation, Study
from ablate.studies.yamlfile import Document, read_yaml


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items() if name != "name")


KEYS = _keys(Study)

SEARCH_KEYS = _keys(Search)

MAPPINGS = {
    "seeds": ("seeds until decided", _keys(Until)),
    "expect": ("a claim", _keys(Expectation)),
    "space": ("a range", _keys(Range)),
    "tune": ("a tuning", _keys(Tune)),
}
"""What stands below a file's keys and has keys of its own: what it is called, and which."""

Loaded = TypeVar("Loaded", Design, Search)


def load_study(path: str | Path) -> Design:
    """Read, check and resolve a study, down to every value of every arm.

    Raises:
        AblateError: whatever is wrong with the file, with its line and column, what was given and what is allowed.
    """
    return _study(_mapping(path, "a study"))


def load_search(path: str | Path) -> Search:
    """Read and check a search, down to the ends of every axis of its space.

    Raises:
        AblateError: as of `load_study`.
    """
    return _search(_mapping(path, "a search"))


def load(path: str | Path) -> Design | Search:
    """Read and check whichever of both the file is."""
    document = _mapping(path, "a study")
    return _search(document) if _is_search(document) else _study(document)


def _study(document: Document) -> Design:
    if _is_search(document):
        fact = "this is a search, since it has a `space`; `ablate search` takes it"
        raise StudyError((), fact, document.place(("space",), of_key=True))
    return _checked(Study, document, lambda facts: Design.of(Study.model_validate(facts)))


def _search(document: Document) -> Search:
    if not _is_search(document) and {"vary", "arms"} & document.data.keys():
        key = "vary" if "vary" in document.data else "arms"
        fact = f"this is a study, since it has `{key}` and no `space`; `ablate sweep` takes it"
        raise StudyError((), fact, document.place((key,), of_key=True))
    return _checked(Search, document, Search.model_validate)


def _is_search(document: Document) -> bool:
    return "space" in document.data


def _mapping(path: str | Path, what: str) -> Document:
    document = read_yaml(Path(path))
    if not isinstance(document.data, dict):
        raise StudyError((), f"{what} is a mapping of keys (given: {shown(document.data)})", document.place(()))
    if "name" in document.data:
        raise StudyError(("name",), f"{what} is named by its file", document.place(("name",), of_key=True))
    return document


def _checked(model: type[BaseModel], document: Document, build: Callable[[dict[str, Any]], Loaded]) -> Loaded:
    """What is built from a file's facts, whose keys are those of `model`; an error gets its place in the file."""
    try:
        return build({"name": name_of(Path(document.file)), **document.data})
    except ValidationError as error:
        raise _located(error, document, model) from None
    except StudyError as error:
        raise StudyError(error.path, error.message, document.place(error.path, of_key=error.of_key)) from None


def name_of(path: Path) -> str:
    """The name of the study in a file.

    Raises:
        AblateError: its file name cannot name a folder everywhere.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", path.stem):
        rule = "a study's file name is made of letters, digits, '.', '_' and '-', 100 at most"
        raise AblateError(f"{shown(str(path))}: {rule}, since it names the report's folder")
    return path.stem


def _located(error: ValidationError, document: Document, model: type[BaseModel]) -> StudyError:
    """The error that stands first in the file, in our words; a missing key last: a misspelt one may explain it."""

    def place(item: Any) -> Place:
        return document.place(_in_file(item["loc"], document), of_key=item["type"] == "extra_forbidden")

    first = min(error.errors(include_url=False), key=lambda e: (e["type"] == "missing", place(e).line, place(e).column))
    path, kind, last = _in_file(first["loc"], document), first["type"], first["loc"][-1]
    inside = [str(step) for step in first["loc"][:-1] if step in MAPPINGS]
    what, keys = MAPPINGS[inside[-1]] if inside else (f"a {model.__name__.lower()}", _keys(model))
    if kind == "extra_forbidden":
        return StudyError(path, f"unknown key {shown(last)}; {nearest(last, keys)}", place(first))
    if kind == "missing":
        return StudyError(path, f"the key '{last}' is missing; {what} has: {', '.join(keys)}", place(first))
    name = " > ".join(map(str, path))
    return StudyError(path, f"{name}: {readable(first)} (given: {shown(first['input'])})", place(first))


def _in_file(loc: Steps, document: Document) -> Steps:
    """The steps of pydantic's path that stand in the file: it also names the branches of unions."""
    path: Steps = ()
    for step in loc:
        path = (*path, step) if (*path, step) in document.values else path
    return path
