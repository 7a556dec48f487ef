"""The JSON schema of study files, from the same models that check them: editors complete and check with it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import GenerateJsonSchema

from ablate.settings import Settings
from ablate.study import Study


class _Untitled(GenerateJsonSchema):
    """Without the titles that pydantic makes up from names: they say nothing more."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def study_schema() -> dict[str, Any]:
    """The schema, of draft 2020-12. Rules between keys, as of heads and width, are left to `load_study`."""
    schema = _schema(Study)
    settings = dict(_settings(Settings, ""))
    axes = {name: _axis(name, setting["description"]) for name, setting in settings.items()}
    schema["properties"].pop("name")  # a study is named by its file
    schema["required"].remove("name")
    schema["$defs"] = schema.get("$defs", {}) | {
        "Overrides": _closed(settings),
        "Axes": _closed(axes) | {"minProperties": 1},
    }
    description = "An ablation study, for `ablate sweep`; written by `ablate schema`."
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | {"description": description}


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    return model.model_json_schema(schema_generator=_Untitled)


def _settings(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each setting's own schema under its dotted name."""
    properties = _schema(model)["properties"]
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _settings(field.annotation, f"{prefix}{name}.")
        else:
            yield prefix + name, properties[name]


def _axis(name: str, description: str) -> dict[str, Any]:
    items = {"$ref": f"#/$defs/Overrides/properties/{name}"}
    return {"description": description, "type": "array", "minItems": 1, "items": items}


def _closed(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "additionalProperties": False, "properties": properties}
