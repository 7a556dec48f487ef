"""A study's file -> Study, with every error at its line and column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ablate.claims import claims
from ablate.errors import AblateError, Place, Steps, StudyError, nearest, shown
from ablate.planning import arms
from ablate.seeds import Until
from ablate.settings import readable
from ablate.study import Expectation, Study
from ablate.yamlfile import Document, read_yaml


def _keys(model: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in model.model_fields.items() if name != "name")


KEYS = _keys(Study)

MAPPINGS = {"seeds": ("seeds until decided", _keys(Until)), "expect": ("a claim", _keys(Expectation))}
"""What stands below a study's keys and has keys of its own: what it is called, and which."""


def load_study(path: str | Path) -> Study:
    """Read and check a study, down to every value of every arm.

    Raises:
        AblateError: whatever is wrong with the file, with its line and column, what was given and what is allowed.
    """
    path = Path(path)
    document = read_yaml(path)
    if not isinstance(document.data, dict):
        raise StudyError((), f"a study is a mapping of keys (given: {shown(document.data)})", document.place(()))
    if "name" in document.data:
        raise StudyError(("name",), "a study is named by its file", document.place(("name",), of_key=True))
    try:
        study = Study.model_validate({"name": _stem(path), **document.data})
        arms(study)
        claims(study)
    except ValidationError as error:
        raise _located(error, document) from None
    except StudyError as error:
        raise StudyError(error.path, error.message, document.place(error.path, of_key=error.of_key)) from None
    return study


def _stem(path: Path) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", path.stem):
        rule = "a study's file name is made of letters, digits, '.', '_' and '-', 100 at most"
        raise AblateError(f"{shown(str(path))}: {rule}, since it names the report's folder")
    return path.stem


def _located(error: ValidationError, document: Document) -> StudyError:
    """The error that stands first in the file, in our words; a missing key last: a misspelt one may explain it."""

    def place(item: Any) -> Place:
        return document.place(_in_file(item["loc"], document), of_key=item["type"] == "extra_forbidden")

    first = min(error.errors(include_url=False), key=lambda e: (e["type"] == "missing", place(e).line, place(e).column))
    path, kind, last = _in_file(first["loc"], document), first["type"], first["loc"][-1]
    what, keys = MAPPINGS[str(path[0])] if len(first["loc"]) > 1 and str(path[0]) in MAPPINGS else ("a study", KEYS)
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
