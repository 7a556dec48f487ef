"""A search space: the values that a trial can draw for each setting, by its dotted name."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator
from typing_extensions import TypeAliasType

from ablate.data_settings import Count, Frozen
from ablate.errors import Steps, StudyError, quote, suggest
from ablate.metrics import SEARCH_METRICS
from ablate.overrides import NO_VARIANTS, check_setting, known_settings, resolve
from ablate.settings import IN_CONTENT, TASK_SETTINGS
from ablate.studies.seeds import Seed
from ablate.variants.choices import Variants

Number = int | float
Sampler = Literal["tpe", "random"]
Pruner = Literal["none", "median", "halving", "hyperband"]


def _check_metric(metric: str) -> str:
    if metric not in SEARCH_METRICS:
        raise ValueError(f"'{metric}' is not a metric that can decide a search; {suggest(metric, SEARCH_METRICS)}")
    return metric


SearchMetric = Annotated[
    str, AfterValidator(_check_metric), WithJsonSchema({"type": "string", "enum": list(SEARCH_METRICS)})
]
"""The name of a metric that can decide a search."""

MAX_TRIALS = 10_000
MAX_CORNERS = 1000


class Range(Frozen):
    """All numbers from `low` to `high`, both included; only whole numbers for a setting that takes no others."""

    low: Number = Field(description="the lowest value")
    high: Number = Field(description="the highest value")
    log: bool = Field(False, description="whether values are drawn uniformly on a logarithmic scale")

    @model_validator(mode="after")
    def _check_ends(self) -> Range:
        if self.low >= self.high:
            raise ValueError(f"the low end of a range must be below its high end, not {self.low} and {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a logarithmic range must start above zero, not at {self.low}")
        return self

    @property
    def ends(self) -> dict[str, Number]:
        """The lowest and the highest value, by their keys in the file."""
        return {"low": self.low, "high": self.high}

    def place(self, value: float) -> float:
        """The share of the range, on its own scale, that is below a value: 0 at the low end, 1 at the high end."""
        low, high, here = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        return (here - low) / (high - low)


def _kind(value: object) -> str:
    return "choices" if isinstance(value, list | tuple) else "range"


Axis = Annotated[
    Annotated[Range, Tag("range")] | Annotated[list[Any], Field(min_length=2), Tag("choices")], Discriminator(_kind)
]
Space = TypeAliasType("Space", Annotated[dict[str, Axis], Field(min_length=1)])


class Tune(Frozen):
    """How each arm is tuned before the arms are compared: by a search of its own, all with the same budget."""

    space: Space = Field(
        description="what trials can draw for each setting: values from a list, or from a range as {low: 1, high: 9}"
    )
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = Field(description="number of trials for each arm")
    epochs: Count = Field(description="number of epochs of each trial")
    metric: SearchMetric = Field(
        "val/psnr", description="the score that decides; the score of a trial is that of its best epoch"
    )
    sampler: Sampler = Field("tpe", description="how trials are drawn, by Optuna's TPE or at random")
    seed: Seed = Field(
        10_000, description="seed of the draws and of the training of all trials; it cannot be one of the study's seeds"
    )


def index_of(value: Any, values: list[Any]) -> int:
    """Find the first index of a value, or the length of the list if it has none; `1` equals `1.0` but not `true`."""
    same = (index for index, other in enumerate(values) if other == value and (other is True) == (value is True))
    return next(same, len(values))


def is_integer(name: str, variants: Variants = NO_VARIANTS) -> bool:
    """Whether a setting only takes whole numbers."""
    default = known_settings(variants)[name]
    return isinstance(default, int) and not isinstance(default, bool)


def is_number(name: str, variants: Variants = NO_VARIANTS) -> bool:
    """Whether a setting takes numbers, so a space can have a range of it."""
    default = known_settings(variants)[name]  # None is the default of a number too: of the weight decay
    return isinstance(default, int | float | None) and not isinstance(default, bool)


def check_space(
    space: Mapping[str, Axis], base: Mapping[str, Any], path: Steps, variants: Variants = NO_VARIANTS
) -> None:
    """Raise a StudyError at `path` or below unless trials of this space can be drawn and compared.

    Some combinations of allowed values are not allowed together, such as 3 heads and a width of 32: the search records
    these trials as failed. A value that no combination with the ends of the other axes allows is an error here, unless
    there are more than `MAX_CORNERS` combinations to try.
    """
    for name, axis in space.items():
        check_setting(name, (*path, name), variants)
        _check_comparable(name, (*path, name), variants)
        _check_kind(name, axis, (*path, name), variants)
    for name, steps, value in _ends(space):
        _check_end(space, base, name, value, (*path, name, steps), variants)


def _check_comparable(name: str, path: Steps, variants: Variants) -> None:
    if name.startswith((*TASK_SETTINGS, *IN_CONTENT, *variants.of_the_task, "data.validation")):
        fact = f"{name} changes what validation scores mean, so trials could not be compared"
        raise StudyError(path, f"{fact}; allowed: other settings", of_key=True)


def _check_kind(name: str, axis: Axis, path: Steps, variants: Variants) -> None:
    if isinstance(axis, list):
        for index, value in enumerate(axis):
            if index_of(value, axis) < index:
                raise StudyError((*path, index), f"the value {quote(value)} is given twice on the axis {name}")
        return
    if not is_number(name, variants):
        raise StudyError(path, f"{name} is not a number, so it cannot have a range; allowed: a list of values")
    for end, value in axis.ends.items():
        if is_integer(name, variants) and not isinstance(value, int):
            raise StudyError((*path, end), f"{name} takes only whole numbers (given: {quote(value)})")


def _ends(space: Mapping[str, Axis]) -> Iterator[tuple[str, str | int, Any]]:
    """The values of a list and the two ends of a range, each as (setting, key or index of the value, value)."""
    for name, axis in space.items():
        if isinstance(axis, list):
            yield from ((name, index, value) for index, value in enumerate(axis))
        else:
            yield from ((name, end, value) for end, value in axis.ends.items())


def _check_end(
    space: Mapping[str, Axis], base: Mapping[str, Any], name: str, value: Any, path: Steps, variants: Variants
) -> None:
    """Raise a StudyError if no combination with the ends of the other axes allows a value."""
    others = {axis: [end for found, _, end in _ends(space) if found == axis] for axis in space if axis != name}
    problem, corners = None, product(*others.values())
    for chosen in islice(corners, MAX_CORNERS):
        try:
            resolve({**base, name: value, **dict(zip(others, chosen, strict=True))}, variants)
        except StudyError as error:
            problem = problem or error
        else:
            return
    if problem is not None and next(corners, None) is None:  # all corners were tried, and none is allowed
        raise StudyError(path, problem.message)
