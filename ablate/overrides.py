"""From overrides by dotted name, as study files have them, to checked settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ablate.errors import Steps, StudyError, explain, quote, suggest
from ablate.settings import DEFAULTS, DataConfig, Settings
from ablate.variants.choices import OPEN, Variants


def _find_places(model: type[BaseModel], prefix: str = "") -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, field in model.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from _find_places(field.annotation, f"{prefix}{name}.")
        elif choices := _open_choices(field.annotation, field.metadata):
            yield prefix + name, choices


def _open_choices(annotation: Any, metadata: Sequence[Any]) -> tuple[str, ...]:
    """The built-in choices of a setting marked as `OPEN`, or of the items of a tuple that are."""
    if OPEN in metadata:
        return get_args(annotation)
    item: Any = get_args(annotation)[0] if get_origin(annotation) is tuple else None
    return _open_choices(item.__origin__, item.__metadata__) if get_origin(item) is Annotated else ()


PLACES: dict[str, tuple[str, ...]] = dict(_find_places(Settings))
"""The built-in choices of each setting that also takes a user's own parts."""

NO_VARIANTS = Variants()


def known_settings(variants: Variants) -> dict[str, Any]:
    """The default of every setting by its dotted name, those of a study's own parts included."""
    return DEFAULTS | variants.defaults


def check_setting(name: str, path: Steps, variants: Variants = NO_VARIANTS) -> None:
    """Raise a StudyError at `path` unless a setting has this name."""
    settings = known_settings(variants)
    if name not in settings:
        section = [known for known in settings if known.split(".")[0] == name.split(".")[0]]
        hint = suggest(name, settings, listed=section or ["model....", "data....", "training...."])
        raise StudyError(path, f"unknown setting {quote(name)}; {hint}", of_key=True)


def check_target(data: DataConfig) -> None:
    """Raise a StudyError if scenes cannot have visible cells: predicting zero is then perfect, for any network."""
    cells = data.cells
    if not (cells.density and cells.intensity[1] and (cells.peak or cells.fall)):
        fact = "the scenes have no cells, so predicting zero is perfect and no run can be judged"
        allowed = "data.cells with a density, an intensity, and a peak or fall above 0"
        raise StudyError(("data.cells.density",), f"{fact}; allowed: {allowed}")


def resolve(overrides: Mapping[str, Any], variants: Variants = NO_VARIANTS) -> Settings:
    """Replace defaults by these overrides, given by dotted name, and check the resulting settings.

    The name of one of the study's own parts is replaced by the part, with its settings among the overrides.

    Raises:
        StudyError: a name or a value is not allowed; its path is the dotted name.
    """
    tree: dict[str, Any] = {}
    variants.check(overrides)
    for name, value in overrides.items():
        check_setting(name, (name,), variants)
        if name in variants.defaults:
            continue
        *parents, leaf = name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = _with_parts(name, value, overrides, variants) if variants.at(name) else value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise _setting_error(error, overrides, variants) from None


def _with_parts(name: str, value: Any, overrides: Mapping[str, Any], variants: Variants) -> Any:
    """A value with the study's own parts in the place of their names."""
    if isinstance(value, list | tuple):
        return [_with_parts(name, item, overrides, variants) for item in value]
    own = isinstance(value, str) and value in variants.at(name)
    return variants.choose(name, value, overrides) if own else value


def _setting_error(error: ValidationError, overrides: Mapping[str, Any], variants: Variants) -> StudyError:
    """Convert the first of pydantic's errors to one about a setting, by its dotted name."""
    first = error.errors(include_url=False)[0]
    steps = [str(step) for step in first["loc"]]
    name = next((n for end in range(len(steps), 0, -1) if (n := ".".join(steps[:end])) in DEFAULTS), ".".join(steps))
    given = f" (given: {quote(overrides[name])})" if name in overrides else ""
    own = f"; from `variants`: {', '.join(variants.at(name))}" if variants.at(name) else ""
    return StudyError((name,), f"{name}: {explain(first)}{own}{given}")
