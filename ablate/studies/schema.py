"""The JSON schemas of study and search files, made from the models; editors use them to complete and check files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ablate.overrides import PLACES
from ablate.settings import Settings
from ablate.studies.search import Search
from ablate.studies.space import is_number
from ablate.studies.study import Study

OWN_NAME = r"^parts\."
"""The pattern of the names of settings of a user's own parts."""


class _Untitled(GenerateJsonSchema):
    """A generator that leaves out the titles that pydantic makes from names, since they add nothing."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def study_schema() -> dict[str, Any]:
    """Generate the schema (draft 2020-12) of study files.

    It has no rules about two keys, such as heads and width; `load_study` checks those.
    """
    return _file_schema(Study, "An ablation study, for `ablate sweep`; written by `ablate schema`.")


def search_schema() -> dict[str, Any]:
    """Generate the schema (draft 2020-12) of search files."""
    return _file_schema(Search, "A search, for `ablate search`; written by `ablate schema --search`.")


def _file_schema(model: type[BaseModel], description: str) -> dict[str, Any]:
    """Generate the schema of a kind of file: that of its model, with all settings listed where settings are allowed."""
    schema = _schema(model)
    settings = {name: _open(name, setting) for name, setting in _settings(Settings, "")}
    each = {"Overrides": lambda name, about: settings[name], "Axes": _axis_schema, "Space": _space_schema}
    schema["properties"].pop("name")  # the name is that of the file
    schema["required"].remove("name")
    for kind in each.keys() & schema["$defs"].keys() | {"Overrides"}:
        found = {name: each[kind](name, setting.get("description", "")) for name, setting in settings.items()}
        own = {} if kind == "Overrides" else {"minProperties": 1}
        schema["$defs"][kind] = _closed_object(found, OWN_SETTINGS[kind]) | own
    schema |= {"description": description, "if": {"not": {"required": ["variants"]}}, "then": _built_in_only()}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema


OWN_SETTINGS: dict[str, Any] = {
    "Overrides": {},
    "Axes": {"type": "array", "minItems": 1},
    "Space": {"anyOf": [{"type": "array", "minItems": 2}, {"$ref": "#/$defs/Range"}]},
}
"""What each kind of mapping has as the values of the settings of a user's own parts, whose types are not known here."""


def _open(name: str, setting: dict[str, Any]) -> dict[str, Any]:
    """The schema of a setting; one that also takes a user's own parts completes the built-in choices."""
    if name not in PLACES:
        return setting
    if "items" in setting:
        return setting | {"items": _open(name, setting["items"])}
    choices = {key: setting[key] for key in ("enum", "type")}
    rest = {key: value for key, value in setting.items() if key not in choices}
    return {"anyOf": [choices, {"type": "string"}], **rest}


def _built_in_only() -> dict[str, Any]:
    """What holds in addition for files without `variants`: only the built-in choices are allowed."""
    no_settings = {"patternProperties": {OWN_NAME: False}}
    allowed: dict[str, Any] = {name: {"enum": list(choices)} for name, choices in PLACES.items()}
    allowed["data.noise"] = {"items": allowed["data.noise"]}  # a list of choices
    one = {"properties": allowed} | no_settings
    items = {name: {"items": choices} for name, choices in allowed.items()}
    several = {"properties": items} | no_settings
    kinds = {"base": one, "reference": one, "vary": several, "space": several}
    arms, tune = {"additionalProperties": one}, {"properties": {"space": several}}
    return {"properties": kinds | {"arms": arms, "tune": tune}}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(schema_generator=_Untitled)


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The dotted name and the schema of each setting."""
    properties = _schema(model)["properties"]
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, properties[name]


def _axis_schema(name: str, description: str) -> dict[str, Any]:
    items = {"$ref": f"#/$defs/Overrides/properties/{name}"}
    return {"description": description, "type": "array", "minItems": 1, "items": items}


def _space_schema(name: str, description: str) -> dict[str, Any]:
    """The schema of a setting in a search space: a list of values or, for numbers, also a range."""
    items = {"$ref": f"#/$defs/Overrides/properties/{name}"}
    choices = {"type": "array", "minItems": 2, "items": items}
    kinds = [choices, {"$ref": "#/$defs/Range"}] if is_number(name) else [choices]
    return {"description": description, "anyOf": kinds}


def _closed_object(properties: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    patterns = {OWN_NAME: own}
    return {"type": "object", "additionalProperties": False, "properties": properties, "patternProperties": patterns}
