"""A space to search: for each setting, by its dotted name, what a trial may draw."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import islice, product
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, Tag, WithJsonSchema, model_validator
from typing_extensions import TypeAliasType

from ablate.errors import Steps, StudyError, nearest, shown
from ablate.metrics import FOLLOWED
from ablate.settings import DEFAULTS, TASK_SETTINGS, Count, Frozen, check_setting, resolve
from ablate.studies.seeds import Seed

Number = int | float
Sampler = Literal["tpe", "random"]
Pruner = Literal["none", "median", "halving", "hyperband"]


def _followed(metric: str) -> str:
    if metric not in FOLLOWED:
        raise ValueError(f"there is no metric '{metric}' that can decide a search; {nearest(metric, FOLLOWED)}")
    return metric


Followed = Annotated[str, AfterValidator(_followed), WithJsonSchema({"type": "string", "enum": list(FOLLOWED)})]
"""The name of the metric that a search goes by."""

MOST_TRIALS = 10_000
MOST_CORNERS = 1000


class Range(Frozen):
    """Every number from `low` to `high`, both included: whole ones if the setting's are."""

    low: Number = Field(description="the lowest value")
    high: Number = Field(description="the highest value")
    log: bool = Field(False, description="whether equal ratios are equally likely, not equal differences")

    @model_validator(mode="after")
    def _ascends(self) -> Range:
        if self.low >= self.high:
            raise ValueError(f"a range goes from its lower end to a higher one, not from {self.low} to {self.high}")
        if self.log and self.low <= 0:
            raise ValueError(f"a range by ratios lies above zero, and does not begin at {self.low}")
        return self

    @property
    def ends(self) -> dict[str, Number]:
        """The lowest and the highest value, by their keys in the file."""
        return {"low": self.low, "high": self.high}

    def place(self, value: float) -> float:
        """Where a value lies in the range: from 0 at its lower end to 1 at its higher one."""
        low, high, here = (math.log(x) if self.log else x for x in (self.low, self.high, value))
        return (here - low) / (high - low)


def _kind(value: object) -> str:
    return "choices" if isinstance(value, list | tuple) else "range"


Axis = Annotated[
    Annotated[Range, Tag("range")] | Annotated[list[Any], Field(min_length=2), Tag("choices")], Discriminator(_kind)
]
Space = TypeAliasType("Space", Annotated[dict[str, Axis], Field(min_length=1)])


class Tune(Frozen):
    """How each arm is tuned before the arms are compared: a search of its own, with the same budget for all."""

    space: Space = Field(description="for each setting what trials may draw: a list of values, or {low: 1, high: 9}")
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = Field(description="how many settings are tried for each arm")
    epochs: Count = Field(description="epochs of each trial")
    metric: Followed = Field("val/psnr", description="the score that decides; a trial's is that of its best epoch")
    sampler: Sampler = Field("tpe", description="how trials are drawn: by Optuna's TPE, or at random")
    seed: Seed = Field(10_000, description="of every trial's training, and of the draws; none of the study's seeds")


def whole(name: str) -> bool:
    """Whether a setting takes whole numbers only."""
    return isinstance(DEFAULTS[name], int) and not isinstance(DEFAULTS[name], bool)


def ranged(name: str) -> bool:
    """Whether a setting is a number, of which there are ranges."""
    default = DEFAULTS[name]
    return isinstance(default, int | float | None) and not isinstance(default, bool)


def check_space(space: Mapping[str, Axis], base: Mapping[str, Any], path: Steps) -> None:
    """Raise a StudyError at `path` or below unless trials of this space can be drawn and compared.

    Combinations that make no network are left to the search, which tells them as failed; but a value with which no
    combination of the axes' ends makes one is an error (where they are not more than `MOST_CORNERS`).
    """
    for name, axis in space.items():
        check_setting(name, (*path, name))
        _check_comparable(name, (*path, name))
        _check_kind(name, axis, (*path, name))
    for name, steps, value in _ends(space):
        _check_end(space, base, name, value, (*path, name, steps))


def _check_comparable(name: str, path: Steps) -> None:
    if name.startswith((*TASK_SETTINGS, "data.validation")):
        fact = f"{name} changes what validation scores mean, so that trials could not be compared"
        raise StudyError(path, f"{fact}; allowed: other settings", of_key=True)


def _check_kind(name: str, axis: Axis, path: Steps) -> None:
    if isinstance(axis, list):
        for index, value in enumerate(axis):
            if any(repr(value) == repr(other) for other in axis[:index]):
                raise StudyError((*path, index), f"the value {shown(value)} is given twice on the axis {name}")
        return
    if not ranged(name):
        raise StudyError(path, f"{name} is no number, so that it has no range; allowed: a list of values")
    for end, value in axis.ends.items():
        if whole(name) and not isinstance(value, int):
            raise StudyError((*path, end), f"{name} takes whole numbers (given: {shown(value)})")


def _ends(space: Mapping[str, Axis]) -> Iterator[tuple[str, str | int, Any]]:
    """(setting, where its value stands below it, value) of each axis's ends, or of all its values."""
    for name, axis in space.items():
        if isinstance(axis, list):
            yield from ((name, index, value) for index, value in enumerate(axis))
        else:
            yield from ((name, end, value) for end, value in axis.ends.items())


def _check_end(space: Mapping[str, Axis], base: Mapping[str, Any], name: str, value: Any, path: Steps) -> None:
    others = {axis: [end for found, _, end in _ends(space) if found == axis] for axis in space if axis != name}
    problem, corners = None, product(*others.values())
    for chosen in islice(corners, MOST_CORNERS):
        try:
            resolve({**base, name: value, **dict(zip(others, chosen, strict=True))})
        except StudyError as error:
            problem = problem or error
        else:
            return
    if problem is not None and next(corners, None) is None:
        raise StudyError(path, problem.message)
