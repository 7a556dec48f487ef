"""Load a study file as a Design and a search file as a Search; all errors have a line and a column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from ablate.errors import AblateError, Place, Steps, StudyError, explain, quote, suggest
from ablate.statistics.claims import Claim
from ablate.studies.judged import ClaimsFile, find_stated_claims
from ablate.studies.plan import PlannedArm
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
"""The keys whose values are mappings with keys of their own: a description of such a mapping, and its keys."""

Facts = dict[str, Any]

PATH = "data.path"
"""The setting that is a path."""

Loaded = TypeVar("Loaded", Design, Search, tuple[Claim, ...])


def load_study(path: str | Path) -> Design:
    """Read, check and resolve a study file, down to every value of every arm.

    Raises:
        AblateError: anything is wrong with the file; the message has the line and column, and says what is allowed.

    Examples:
        >>> import ablate
        >>> study = ablate.load_study("experiments/depth.yaml")
        >>> study.question
        'How many blocks does the encoder need?'
        >>> [arm.name for arm in study.arms]
        ['depth=1', 'depth=2', 'depth=4', 'depth=8', 'depth=12']
        >>> len(study.runs)
        60
    """
    return _build_study(_read_mapping(path, "a study"))


def study_of(study: Design | str | Path) -> Design:
    """A study that a function was given, or that of the file whose path it was given.

    Raises:
        AblateError: anything is wrong with the file; see `load_study`.
    """
    return study if isinstance(study, Design) else load_study(study)


def load_search(path: str | Path) -> Search:
    """Read and check a search file, down to the ends of every range of its space.

    Raises:
        AblateError: anything is wrong with the file; see `load_study`.
    """
    return _build_search(_read_mapping(path, "a search"))


def load_claims(path: str | Path, arms: Sequence[PlannedArm]) -> tuple[Claim, ...]:
    """Read and check a file of claims about the arms of a table of scores: its key `expect`, as in a study.

    Raises:
        AblateError: anything is wrong with the file; see `load_study`.
    """

    def build(facts: Facts, _: Facts) -> tuple[Claim, ...]:
        named = {key: value for key, value in facts.items() if key != "name"}
        return find_stated_claims(ClaimsFile.model_validate(named).expect, arms)

    return _build(ClaimsFile, _read_mapping(path, "a file of claims"), build)


def load(path: str | Path) -> Design | Search:
    """Read and check a file that can be a study or a search."""
    document = _read_mapping(path, "a study")
    return _build_search(document) if _is_search(document) else _build_study(document)


def _build_study(document: Document) -> Design:
    if _is_search(document):
        fact = "this is a search, since it has a `space`; run `ablate search` on it"
        raise StudyError((), fact, document.place(("space",), of_key=True))
    file = Path(document.file).absolute()
    return _build(Study, document, lambda facts, at: Design.of(Study.model_validate(facts, context=at), file=file))


def _build_search(document: Document) -> Search:
    if not _is_search(document) and {"vary", "arms"} & document.data.keys():
        key = "vary" if "vary" in document.data else "arms"
        fact = f"this is a study, since it has `{key}` but no `space`; run `ablate sweep` on it"
        raise StudyError((), fact, document.place((key,), of_key=True))
    file = Path(document.file)
    return _build(Search, document, lambda facts, at: Search.model_validate(facts, context=at).read_from(file))


def _is_search(document: Document) -> bool:
    return "space" in document.data


def _read_mapping(path: str | Path, what: str) -> Document:
    document = read_yaml(Path(path))
    if not isinstance(document.data, dict):
        raise StudyError((), f"{what} must be a mapping of keys (given: {quote(document.data)})", document.place(()))
    if "name" in document.data:
        fact = f"the name of {what} is that of its file; remove this key"
        raise StudyError(("name",), fact, document.place(("name",), of_key=True))
    return document


def _build(model: type[BaseModel], document: Document, build: Callable[[Facts, Facts], Loaded]) -> Loaded:
    """Call `build` with the data of a file whose keys are those of `model`, and with the context of its validation.

    Errors get their place in the file.
    """
    try:
        file = Path(document.file)
        facts = _relative_to(file.parent, document.data)
        return build({"name": name_of(file), **facts}, {"folder": file.parent})
    except ValidationError as error:
        raise _locate(error, document, model) from None
    except StudyError as error:
        raise StudyError(error.path, error.message, document.place(error.path, of_key=error.of_key)) from None


def _relative_to(folder: Path, data: Any, key: object = None) -> Any:
    """The data of a file, with each `data.path` made absolute: in the file it is relative to the file."""
    if isinstance(data, dict):
        return {name: _relative_to(folder, value, name) for name, value in data.items()}
    if key == PATH and isinstance(data, list):
        return [_relative_to(folder, value, key) for value in data]
    return str(folder.absolute() / data) if key == PATH and isinstance(data, str) and data else data


def name_of(path: Path) -> str:
    """The name of the study in a file.

    Raises:
        AblateError: its file name cannot name a folder everywhere.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", path.stem):
        rule = "the name of a study file can only have letters, digits, '.', '_' and '-', and 100 characters"
        raise AblateError(f"{quote(str(path))}: {rule}, since the report's folder gets the same name")
    return path.stem


def _locate(error: ValidationError, document: Document, model: type[BaseModel]) -> StudyError:
    """Convert the error that is first in the file; missing keys come last, since a misspelt key may be the cause."""

    def place(item: Any) -> Place:
        return document.place(_path_in_file(item["loc"], document), of_key=item["type"] == "extra_forbidden")

    first = min(error.errors(include_url=False), key=lambda e: (e["type"] == "missing", place(e).line, place(e).column))
    path, kind, last = _path_in_file(first["loc"], document), first["type"], first["loc"][-1]
    inside = [str(step) for step in first["loc"][:-1] if step in MAPPINGS]
    what, keys = MAPPINGS[inside[-1]] if inside else (f"a {model.__name__.lower()}", _keys(model))
    if kind == "extra_forbidden":
        return StudyError(path, f"unknown key {quote(last)}; {suggest(last, keys)}", place(first))
    if kind == "missing":
        return StudyError(path, f"the key '{last}' is missing; allowed in {what}: {', '.join(keys)}", place(first))
    name = " > ".join(map(str, path))
    return StudyError(path, f"{name}: {explain(first)} (given: {quote(first['input'])})", place(first))


def _path_in_file(loc: Steps, document: Document) -> Steps:
    """Remove the steps of pydantic's path that are not in the file, such as the names of a union's branches."""
    path: Steps = ()
    for step in loc:
        path = (*path, step) if (*path, step) in document.values else path
    return path
