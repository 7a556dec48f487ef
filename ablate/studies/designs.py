"""The kinds of design: which arms a study has, and which arm each of them is compared with.

Each kind is a class whose method `arms` drafts the arms; `planning.Design` passes it the function that resolves
their settings. To add a kind, write a class here, add it to `AXIS_DESIGNS`, and its name to `study.Study.design`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from ablate.errors import Steps, StudyError, quote, suggest
from ablate.settings import Run, Settings, dotted
from ablate.studies.names import arm_name
from ablate.studies.plan import PlannedArm
from ablate.studies.space import index_of
from ablate.studies.study import Overrides, Study

MAX_ARMS = 1000

Axes = Mapping[str, list[Any]]

Places = dict[str, Steps]
"""The path to each override inside the study, by the name of its setting."""


@dataclass(frozen=True, kw_only=True)
class Arm(PlannedArm):
    """One of the variants that a study compares.

    Attributes:
        overrides: the settings that make it differ from the other arms.
        settings: all its settings, resolved.
    """

    overrides: Overrides
    settings: Settings

    def run(self, seed: int) -> Run:
        """The run of this arm with a seed."""
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
    """Arms that the file lists by name, each compared with the one that is the reference."""

    named: Mapping[str, Overrides]
    reference: str

    def arms(self, resolve: Resolve) -> Iterator[Arm]:
        """Resolve the arms in the order of the file.

        Raises:
            StudyError: the reference is not one of the arms.
        """
        if self.reference not in self.named:
            fact = f"the reference {quote(self.reference)} is not an arm of this study"
            raise StudyError(("reference",), f"{fact}; {suggest(self.reference, self.named)}")
        for name, overrides in self.named.items():
            places: Places = {key: ("arms", name, key) for key in overrides}
            yield resolve(Draft(name, overrides, places, None if name == self.reference else self.reference))


@dataclass(frozen=True)
class Grid:
    """All combinations of the values of the axes.

    The reference gives a value for at least one axis. An arm is compared with the arm that has these values, and
    its own values of the other axes.
    """

    axes: Axes
    reference: Overrides

    def arms(self, resolve: Resolve) -> Iterator[Arm]:
        """Resolve all arms, in the order of the product of the axes.

        Raises:
            StudyError: a value is given twice, there are too many arms, or the reference is not one of them.
        """
        _check_values(self.axes)
        _check_reference(self.axes, self.reference)
        self._check_size()
        # An arm is known by the index of its value on each axis: values such as `1` and `1.0` are the same arm.
        reference = {axis: index_of(value, self.axes[axis]) for axis, value in self.reference.items()}
        for combination in product(*(range(len(values)) for values in self.axes.values())):
            indices = dict(zip(self.axes, combination, strict=True))
            compared = indices | reference
            against = None if compared == indices else arm_name(self._values(compared))
            places: Places = {axis: ("vary", axis, index) for axis, index in indices.items()}
            overrides = self._values(indices)
            yield resolve(Draft(arm_name(overrides), overrides, places, against))

    def _values(self, indices: Mapping[str, int]) -> Overrides:
        return {axis: values[indices[axis]] for axis, values in self.axes.items()}

    def _check_size(self) -> None:
        for axis, value in self.reference.items():
            if index_of(value, self.axes[axis]) == len(self.axes[axis]):
                listed = ", ".join(map(quote, self.axes[axis]))
                fact = f"the reference has {axis} = {quote(value)}, which is not a value of this axis"
                raise StudyError(("reference", axis), f"{fact}; allowed: {listed}")
        if math.prod(map(len, self.axes.values())) > MAX_ARMS:
            count = math.prod(map(len, self.axes.values()))
            raise StudyError(("vary",), f"a grid of {count:,} arms is too large; allowed: {MAX_ARMS:,}", of_key=True)
        if not self.reference:
            fact = "the reference of a grid needs a value for at least one axis (given: {})"
            raise StudyError(("reference",), f"{fact}; allowed: {', '.join(self.axes)}")


@dataclass(frozen=True)
class OneAtATime:
    """The reference, and arms that each differ from it in one axis."""

    axes: Axes
    reference: Overrides

    def arms(self, resolve: Resolve) -> Iterator[Arm]:
        """Resolve the reference, then axis by axis an arm for each value that is not the reference's own.

        Raises:
            StudyError: a value is given twice, or the reference has an axis that the study does not have.
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
                arm = resolve(Draft(arm_name({axis: value}), self.reference | {axis: value}, places, "reference"))
                if dotted(arm.settings)[axis] != usual.get(axis):
                    yield arm


AnyDesign = NamedArms | Grid | OneAtATime

AXIS_DESIGNS: dict[str, Callable[[Axes, Overrides], AnyDesign]] = {"grid": Grid, "one-at-a-time": OneAtATime}
"""The designs of studies with axes, by their names in study files."""


def choose_design(study: Study) -> AnyDesign:
    """Choose the kind of design of a study; `Study` has checked that its keys go together."""
    match study:
        case Study(arms=dict() as named, reference=str() as reference):
            return NamedArms(named, reference)
        case Study(vary=dict() as axes, reference=dict() as usual):
            return AXIS_DESIGNS[study.design](axes, usual)
    raise TypeError(
        "a study needs `arms` and the name of one as reference, or `vary` and a reference with values for its axes"
    )


def _check_values(axes: Axes) -> None:
    for axis, values in axes.items():
        for index, value in enumerate(values):
            if index_of(value, values) < index:
                raise StudyError(("vary", axis, index), f"the value {quote(value)} is given twice on the axis {axis}")


def _check_reference(axes: Axes, reference: Iterable[str]) -> None:
    for axis in reference:
        if axis not in axes:
            fact = f"the reference has {quote(axis)}, which is not an axis of this study"
            raise StudyError(("reference", axis), f"{fact}; {suggest(axis, axes)}", of_key=True)
