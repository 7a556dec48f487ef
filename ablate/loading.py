"""A study's file -> Study, with every error at its line and column."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ablate.claims import claims
from ablate.errors import AblateError, Place, StudyError, nearest, shown
from ablate.planning import arms
from ablate.settings import readable
from ablate.study import Expectation, Study
from ablate.yamlfile import Document, read_yaml

KEYS = tuple(name for name in Study.model_fields if name != "name")


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

    def order(item: Any) -> tuple[bool, int, int]:
        place = document.place(item["loc"], of_key=item["type"] == "extra_forbidden")
        return item["type"] == "missing", place.line, place.column

    first = min(error.errors(include_url=False), key=order)
    path, kind = tuple(first["loc"]), first["type"]
    place: Place = document.place(path, of_key=kind == "extra_forbidden")
    what, keys = ("a study", KEYS) if len(path) == 1 else ("a claim", tuple(Expectation.model_fields))
    if kind == "extra_forbidden":
        return StudyError(path, f"unknown key {shown(path[-1])}; {nearest(path[-1], keys)}", place)
    if kind == "missing":
        return StudyError(path, f"the key '{path[-1]}' is missing; {what} has: {', '.join(keys)}", place)
    # pydantic's path also names the branches of unions: only what stands in the file is shown
    name = " > ".join(str(step) for end, step in enumerate(path, 1) if path[:end] in document.values)
    return StudyError(path, f"{name}: {readable(first)} (given: {shown(first['input'])})", place)
