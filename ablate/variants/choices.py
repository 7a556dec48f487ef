"""What a study's files add to its settings (`Variants`), and one such choice as a run carries it (`Variant`)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from ablate.errors import StudyError, explain, quote, suggest
from ablate.variants.execution import Registered, execute
from ablate.variants.files import Files, PartError, digest, read_files

PREFIX = "parts."
"""What the names of the parts' own settings begin with: `parts.NAME.SETTING`."""

NAME = r"[A-Za-z][A-Za-z0-9_-]{0,49}"

Choice = TypeVar("Choice")


@dataclass(frozen=True)
class Variant:
    """One of a user's own parts as the value of a setting, with everything that a worker needs to make it.

    Attributes:
        place: the setting.
        name: what the choice is called.
        files: all files that the study lists.
        settings: the part's own settings, also those that have their defaults.
    """

    place: str
    name: str
    files: Files = field(repr=False)
    settings: tuple[tuple[str, Any], ...] = ()

    def __str__(self) -> str:
        return self.name

    @property
    def facts(self) -> dict[str, Any]:
        """What is recorded of it beside its name: the digest of its files, and its own settings, by dotted names."""
        own = {f"{PREFIX}{self.name}.{name}": value for name, value in self.settings}
        return {f"{PREFIX}{self.name}": digest(self.files), **own}

    @property
    def registered(self) -> Registered:
        """The part as its file registers it. This executes the files, once in each process."""
        return next(part for part in execute(self.files) if (part.place, part.name) == (self.place, self.name))

    @property
    def make(self) -> Any:
        """What takes the place of a built-in choice, given the part's own settings if it has any."""
        part = self.registered
        if part.settings is None:
            return part.make
        text = json.dumps(dict(self.settings))
        return partial(part.make, settings=part.settings.model_validate_json(text, strict=True))


def _accept_variant(value: object, builtin: ValidatorFunctionWrapHandler) -> object:
    return value if isinstance(value, Variant) else builtin(value)


OPEN = WrapValidator(_accept_variant)
"""Marks a setting whose choices a study can add to (`variants`). Beside its literals it takes a `Variant`; code that
looks a choice up does so by `choose`."""


def choose(choices: Mapping[str, Choice], chosen: object) -> Choice:
    """Look up what a setting chooses: a built-in choice by its name, or one of the user's own."""
    return chosen.make if isinstance(chosen, Variant) else choices[str(chosen)]


@dataclass(frozen=True)
class Variants:
    """What the files of a study add to its settings.

    Attributes:
        files: their names and texts.
        folder: where they were read, for messages.
    """

    files: Files = ()
    folder: Path | None = field(default=None, compare=False)

    @classmethod
    def read(cls, names: Sequence[str], folder: Path, places: Mapping[str, Sequence[str]]) -> Variants:
        """Read files, check and execute them; `places` has the built-in choices of each setting that can have others.

        Raises:
            StudyError: see `read_files`.
            PartError: a file cannot be executed, or a part has no such place, or a name that is taken.
        """
        variants = cls(read_files(names, folder), folder)
        try:
            _check_parts(execute(variants.files), places)
        except PartError as error:
            raise error.inside(folder) from error.__cause__
        return variants

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def names(self) -> list[str]:
        """The names of the files."""
        return [file.name for file in self.files]

    @cached_property
    def parts(self) -> dict[str, Registered]:
        """The parts by their names."""
        return {part.name: part for part in execute(self.files)}

    def without_digests(self, settings: Mapping[str, Any]) -> dict[str, Any]:
        """Recorded settings as overrides: all but the digests of the parts (`Variant.facts`)."""
        return {name: value for name, value in settings.items() if name.removeprefix(PREFIX) not in self.parts}

    def at(self, place: str) -> list[str]:
        """The names of the parts that are choices of a setting."""
        return [name for name, part in self.parts.items() if part.place == place]

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The default of each setting of the parts, by its dotted name."""
        names = (name for name, part in self.parts.items() if part.settings)
        return {f"{PREFIX}{name}.{key}": value for name in names for key, value in self._settings(name, {}).items()}

    @property
    def of_the_task(self) -> tuple[str, ...]:
        """The prefixes of the settings of parts that change the task itself: sources and noises."""
        return tuple(f"{PREFIX}{name}." for name, part in self.parts.items() if part.place.startswith("data."))

    def choose(self, place: str, name: str, overrides: Mapping[str, Any]) -> Variant:
        """A part as the value of a setting; `overrides` has settings of parts by their dotted names.

        Raises:
            StudyError: a value is not allowed; its path is the dotted name.
        """
        return Variant(place, name, self.files, tuple(self._settings(name, overrides).items()))

    def check(self, overrides: Mapping[str, Any]) -> None:
        """Raise a StudyError unless all settings of parts are allowed, also of those that are not used."""
        for name in self.parts:
            self._settings(name, overrides)

    def _settings(self, name: str, overrides: Mapping[str, Any]) -> dict[str, Any]:
        part, prefix = self.parts[name], f"{PREFIX}{name}."
        if part.settings is None:
            return {}
        own = {key.removeprefix(prefix): value for key, value in overrides.items() if key.startswith(prefix)}
        try:
            found = part.settings.model_validate_json(json.dumps(own), strict=True)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = f"{prefix}{'.'.join(map(str, first['loc'][:1]))}"
            given = f" (given: {quote(overrides[key])})" if key in overrides else ""
            raise StudyError((key,), f"{key}: {explain(first)}{given}") from None
        return {key: _plain(value) for key, value in found.model_dump(mode="json").items()}


def _plain(value: Any) -> Any:
    """A value of JSON as one that can be compared and hashed."""
    return tuple(map(_plain, value)) if isinstance(value, list) else value


def _check_parts(parts: Sequence[Registered], places: Mapping[str, Sequence[str]]) -> None:
    seen: dict[str, Registered] = {}
    for part in parts:
        if fact := _fault(part, places, seen):
            raise PartError(part.file, part.line, fact)
        seen[part.name] = part


def _fault(part: Registered, places: Mapping[str, Sequence[str]], seen: Mapping[str, Registered]) -> str:
    """What is wrong with how a part is registered; empty if nothing is."""
    if part.place not in places:
        return f"{quote(part.place)} takes no parts; {suggest(part.place, places)}"
    if not isinstance(part.name, str) or not re.fullmatch(NAME, part.name):
        return (
            f"the name of a part has letters, digits, '_' and '-', and begins with a letter (given: {quote(part.name)})"
        )
    if part.name in places[part.place]:
        return f"{part.name} is a built-in choice of {part.place}, so the part needs another name"
    if other := seen.get(part.name):
        return f"the part {part.name} is registered already, in line {other.line} of {other.file}"
    if not callable(part.make):
        return f"the part {part.name} must be a class or a function (given: {quote(part.make)})"
    return _fault_of_settings(part)


def _fault_of_settings(part: Registered) -> str:
    if part.settings is None:
        return ""
    if not isinstance(part.settings, type) or not issubclass(part.settings, BaseModel):
        return f"the settings of the part {part.name} must be a pydantic model (given: {quote(part.settings)})"
    for name, own in part.settings.model_fields.items():
        if own.is_required():
            return f"the setting {name} of the part {part.name} needs a default"
    try:
        found = part.settings().model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        setting = f"the default of {'.'.join(map(str, first['loc']))}" if first["loc"] else "the defaults"
        return f"{setting} in the settings of the part {part.name}: {explain(first)} (given: {quote(first['input'])})"
    nested = next((name for name, value in found.items() if isinstance(value, dict)), None)
    rule = "must be a number, text, a boolean, or a list of these"
    return f"the setting {nested} of the part {part.name} {rule}" if nested else ""
