"""The kinds of design, a class each: which arms a study has, and which arm each is compared with.

A class lists its arms as drafts, given a function that resolves a draft's settings (`planning.Design` has it). A new
kind of design is a class here, an entry in `VARIED`, and its name in `study.Study.design`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from ablate.errors import Steps, StudyError, nearest, shown
from ablate.settings import Run, Settings, dotted
from ablate.studies.names import arm_name
from ablate.studies.study import Overrides, Study

MAX_ARMS = 1000

Axes = Mapping[str, list[Any]]

Places = dict[str, Steps]
"""Where in the study each override stands, by the setting's name."""


@dataclass(frozen=True)
class Arm:
    """What is compared: a name, what it changes, and the arm that it is compared with (None: a reference)."""

    name: str
    overrides: Overrides
    settings: Settings
    against: str | None

    def run(self, seed: int) -> Run:
        """This arm with a seed."""
        return self.settings.run(seed)


class Draft(NamedTuple):
    """An arm before its settings are resolved."""

    name: str
    overrides: Overrides
    places: Places
    against: str | None


Resolve = Callable[[Draft], Arm]


@dataclass(frozen=True)
class NamedArms:
    """Arms that the file names, each compared with the one that it calls the reference."""

    named: Mapping[str, Overrides]
    reference: str

    def arms(self, resolve: Resolve) -> Iterator[Arm]:
        """The arms in the order of the file.

        Raises:
            StudyError: there is no such reference.
        """
        if self.reference not in self.named:
            fact = f"the reference {shown(self.reference)} is no arm of this study"
            raise StudyError(("reference",), f"{fact}; {nearest(self.reference, self.named)}")
        for name, overrides in self.named.items():
            places: Places = {key: ("arms", name, key) for key in overrides}
            yield resolve(Draft(name, overrides, places, None if name == self.reference else self.reference))


@dataclass(frozen=True)
class Grid:
    """All combinations of the axes; each cell faces the one that differs only in the axes that the reference fixes."""

    axes: Axes
    reference: Overrides

    def arms(self, resolve: Resolve) -> Iterator[Arm]:
        """Every cell, in the order of the product of the axes.

        Raises:
            StudyError: a value is given twice, there are too many cells, or the reference is none of them.
        """
        _check_values(self.axes)
        _check_reference(self.axes, self.reference)
        self._check_size()
        usual = {axis: position(value, self.axes[axis]) for axis, value in self.reference.items()}
        for indices in product(*(range(len(values)) for values in self.axes.values())):
            chosen = dict(zip(self.axes, indices, strict=True))
            against = None if chosen | usual == chosen else arm_name(self._cell(chosen | usual), self.axes)
            places: Places = {axis: ("vary", axis, index) for axis, index in chosen.items()}
            cell = self._cell(chosen)
            yield resolve(Draft(arm_name(cell, self.axes), cell, places, against))

    def _cell(self, chosen: Mapping[str, int]) -> Overrides:
        return {axis: values[chosen[axis]] for axis, values in self.axes.items()}

    def _check_size(self) -> None:
        for axis, value in self.reference.items():
            if position(value, self.axes[axis]) == len(self.axes[axis]):
                listed = ", ".join(map(shown, self.axes[axis]))
                fact = f"the reference's {shown(value)} is no value of the axis {axis}, so it is no arm"
                raise StudyError(("reference", axis), f"{fact}; allowed: {listed}")
        if math.prod(map(len, self.axes.values())) > MAX_ARMS:
            raise StudyError(("vary",), f"a grid of more than {MAX_ARMS:,} arms", of_key=True)
        if not self.reference:
            allowed = ", ".join(self.axes)
            raise StudyError(("reference",), f"a grid's reference fixes an axis or more; allowed: {allowed}")


@dataclass(frozen=True)
class OneAtATime:
    """The reference, and arms that differ from it in a single axis each."""

    axes: Axes
    reference: Overrides

    def arms(self, resolve: Resolve) -> Iterator[Arm]:
        """The reference, then axis by axis every value that is not the reference's own.

        Raises:
            StudyError: a value is given twice, or the reference has an axis that the study has not.
        """
        _check_values(self.axes)
        _check_reference(self.axes, self.reference)
        here: Places = {name: ("reference", name) for name in self.reference}
        reference = resolve(Draft("reference", self.reference, here, None))
        yield reference
        usual = dotted(reference.settings)
        for axis, values in self.axes.items():
            for index, value in enumerate(values):
                places = here | {axis: ("vary", axis, index)}
                name = arm_name({axis: value}, self.axes)
                arm = resolve(Draft(name, self.reference | {axis: value}, places, "reference"))
                if dotted(arm.settings)[axis] != usual[axis]:
                    yield arm


AnyDesign = NamedArms | Grid | OneAtATime

VARIED: dict[str, Callable[[Axes, Overrides], AnyDesign]] = {"grid": Grid, "one-at-a-time": OneAtATime}
"""The designs of a study with axes, by the name that its file gives them."""


def design_of(study: Study) -> AnyDesign:
    """The kind of design of a study, of which `Study` has checked that its keys belong together."""
    match study:
        case Study(arms=dict() as named, reference=str() as reference):
            return NamedArms(named, reference)
        case Study(vary=dict() as axes, reference=dict() as usual):
            return VARIED[study.design](axes, usual)
    raise TypeError("a study has named arms and the name of one, or axes and values of some")


def position(value: Any, values: list[Any]) -> int:
    """Where a value first stands on an axis, or the axis's length; `1` is `1.0` but not `true`."""
    same = (index for index, other in enumerate(values) if other == value and (other is True) == (value is True))
    return next(same, len(values))


def _check_values(axes: Axes) -> None:
    for axis, values in axes.items():
        for index, value in enumerate(values):
            if position(value, values) < index:
                raise StudyError(("vary", axis, index), f"the value {shown(value)} is given twice on the axis {axis}")


def _check_reference(axes: Axes, reference: Iterable[str]) -> None:
    for axis in reference:
        if axis not in axes:
            fact = f"the reference's '{axis}' is no axis of this study"
            raise StudyError(("reference", axis), f"{fact}; {nearest(axis, axes)}", of_key=True)
