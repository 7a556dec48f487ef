"""Study -> arms -> runs: grid, one-at-a-time and named arms, in an order that is the same each time."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Any, NamedTuple

from ablate.errors import NotTunedError, Steps, StudyError, nearest, shown
from ablate.metrics import METRICS
from ablate.settings import TASK_SETTINGS, Run, Settings, check_target, dotted, resolve
from ablate.studies.study import Overrides, Study, TunedStudy


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


class Cell(NamedTuple):
    """One arm x one seed."""

    arm: Arm
    seed: int
    run: Run


def cells(study: Study) -> list[Cell]:
    """All cells of a study, arm by arm.

    Raises:
        NotTunedError: its arms are yet to be tuned, so that nobody knows their settings.
    """
    if study.tune is not None and not isinstance(study, TunedStudy):
        raise NotTunedError(f"the arms of {study.name} are not tuned yet; `ablate sweep` does that first")
    return [Cell(arm, seed, arm.run(seed)) for arm in arms(study) for seed in study.seeds]


def plan(study: Study) -> list[Run]:
    """All runs of a study, seed by seed, so that every arm has a first result early."""
    return [cell.run for cell in cells_by_seed(study)]


def cells_by_seed(study: Study) -> list[Cell]:
    """All cells of a study, seed by seed."""
    return sorted(cells(study), key=lambda cell: study.seeds.index(cell.seed))


def arms(study: Study) -> list[Arm]:
    """The arms of a study, in the order of its file.

    Raises:
        StudyError: an axis, a value or the reference is not allowed; its path leads to the place in the study.
    """
    _resolve(study.base, _under("base", study.base))
    found = [_settle(study, draft) for draft in (_named(study) if study.arms is not None else _varied(study))]
    _check_distinct(study, found)
    _check_one_task(study, found)
    _check_gain(study, found)
    _check_runs(study, found)
    return found


MAX_ARMS = 1000

Places = dict[str, Steps]
"""Where in the study each override stands, by the setting's name."""


class Draft(NamedTuple):
    """An arm before its settings are resolved."""

    name: str
    overrides: Overrides
    places: Places
    against: str | None


def _under(key: str, names: Iterable[str]) -> Places:
    return {name: (key, name) for name in names}


def _settle(study: Study, draft: Draft) -> Arm:
    chosen = study.chosen.get(draft.name, {}) if isinstance(study, TunedStudy) else {}
    places = _under("base", study.base) | draft.places | {name: ("tune", "space", name) for name in chosen}
    settings = _resolve(study.base | draft.overrides | chosen, places)
    return Arm(draft.name, draft.overrides, settings, draft.against)


def _resolve(overrides: Overrides, places: Places) -> Settings:
    """`resolve`, an error's path leading to the override to blame: the setting's own, or its section's last."""
    try:
        settings = resolve(overrides)
        check_target(settings.data)
        return settings
    except StudyError as error:
        name = str(error.path[0])
        section = name.split(".")[0] + "."
        same_section = [path for setting, path in places.items() if setting.startswith(section)]
        path = places.get(name) or (same_section or list(places.values()))[-1]
        raise StudyError(path, error.message) from None


def _named(study: Study) -> Iterator[Draft]:
    assert study.arms is not None
    if study.reference not in study.arms:
        fact = f"the reference {shown(study.reference)} is no arm of this study"
        raise StudyError(("reference",), f"{fact}; {nearest(study.reference, study.arms)}")
    for name, overrides in study.arms.items():
        places: Places = {key: ("arms", name, key) for key in overrides}
        yield Draft(name, overrides, places, None if name == study.reference else str(study.reference))


def _varied(study: Study) -> Iterator[Draft]:
    assert study.vary is not None
    for axis, values in study.vary.items():
        for index, value in enumerate(values):
            if _position(value, values) < index:
                raise StudyError(("vary", axis, index), f"the value {shown(value)} is given twice on the axis {axis}")
    _check_reference_axes(study)
    yield from (_one_at_a_time(study) if study.design == "one-at-a-time" else _grid(study))


def _check_reference_axes(study: Study) -> None:
    assert study.vary is not None
    assert isinstance(study.reference, dict)
    for axis, value in study.reference.items():
        if axis not in study.vary:
            fact = f"the reference's '{axis}' is no axis of this study"
            raise StudyError(("reference", axis), f"{fact}; {nearest(axis, study.vary)}", of_key=True)
        if study.design == "grid" and _position(value, study.vary[axis]) == len(study.vary[axis]):
            listed = ", ".join(map(shown, study.vary[axis]))
            fact = f"the reference's {shown(value)} is no value of the axis {axis}, so it is no arm"
            raise StudyError(("reference", axis), f"{fact}; allowed: {listed}")
    if study.design == "grid" and math.prod(map(len, study.vary.values())) > MAX_ARMS:
        raise StudyError(("vary",), f"a grid of more than {MAX_ARMS:,} arms", of_key=True)
    if study.design == "grid" and not study.reference:
        raise StudyError(("reference",), f"a grid's reference fixes an axis or more; allowed: {', '.join(study.vary)}")


def _position(value: Any, values: list[Any]) -> int:
    """Where a value first stands on an axis, or the axis's length; `1` is `1.0` but not `true`."""
    same = (index for index, other in enumerate(values) if other == value and (other is True) == (value is True))
    return next(same, len(values))


def _grid(study: Study) -> Iterator[Draft]:
    """Every cell; those with the reference's values are references, others face the cell that differs only there."""
    assert study.vary is not None
    assert isinstance(study.reference, dict)
    usual = {axis: _position(value, study.vary[axis]) for axis, value in study.reference.items()}

    def cell(chosen: dict[str, int]) -> Overrides:
        return {axis: values[chosen[axis]] for axis, values in study.vary.items()}  # type: ignore[union-attr]

    for indices in product(*(range(len(values)) for values in study.vary.values())):
        chosen = dict(zip(study.vary, indices, strict=True))
        against = None if chosen | usual == chosen else arm_name(cell(chosen | usual), study.vary)
        places: Places = {axis: ("vary", axis, index) for axis, index in chosen.items()}
        yield Draft(arm_name(cell(chosen), study.vary), cell(chosen), places, against)


def _one_at_a_time(study: Study) -> Iterator[Draft]:
    assert study.vary is not None
    assert isinstance(study.reference, dict)
    here = _under("reference", study.reference)
    yield Draft("reference", study.reference, here, None)
    usual = dotted(_resolve(study.base | study.reference, _under("base", study.base) | here))
    for axis, values in study.vary.items():
        for index, value in enumerate(values):
            overrides = study.reference | {axis: value}
            draft = Draft(
                arm_name({axis: value}, study.vary), overrides, here | {axis: ("vary", axis, index)}, "reference"
            )
            if dotted(_settle(study, draft).settings)[axis] != usual[axis]:
                yield draft


def arm_name(cell: Overrides, axes: Iterable[str]) -> str:
    """`heads=4, depth=12`: settings by the last part of their names, or by the whole where axes end alike."""
    names = axis_names(axes)
    return ", ".join(f"{names[axis]}={value_text(value)}" for axis, value in cell.items())


def axis_names(axes: Iterable[str]) -> dict[str, str]:
    """What names call each axis: the last part of its setting's name, or the whole where axes end alike."""
    ends = {axis: axis.rsplit(".", 1)[-1] for axis in axes}
    return ends if len(set(ends.values())) == len(ends) else {axis: axis for axis in ends}


def value_text(value: Any) -> str:
    """A value in a name: `true`, `null`, `1x2`."""
    if isinstance(value, bool) or value is None:
        return json.dumps(value)  # as YAML writes it
    return "x".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _check_distinct(study: Study, found: list[Arm]) -> None:
    where = "arms" if study.arms is not None else "vary"
    if len(found) < 2:
        raise StudyError((where,), "one arm only: a comparison needs two or more")
    seen: dict[Settings, str] = {}
    for arm in found:
        if arm.settings in seen:
            path: Steps = ("arms", arm.name) if study.arms is not None else ("vary",)
            fact = f"the arms '{seen[arm.settings]}' and '{arm.name}' have the same settings"
            raise StudyError(path, fact, of_key=True)
        seen[arm.settings] = arm.name


def _check_one_task(study: Study, found: list[Arm]) -> None:
    """Where arms differ in the task itself, only the gain over doing nothing compares them."""
    if METRICS[study.metric].relative:
        return
    settings = [dotted(arm.settings) for arm in found]
    for name in (name for name in settings[0] if name.startswith(TASK_SETTINGS)):
        if any(other[name] != settings[0][name] for other in settings):
            relative = ", ".join(metric.name for metric in METRICS.values() if metric.relative)
            fact = f"the arms differ in {name}, which changes the task, so {study.metric} does not compare them"
            raise StudyError(("metric",), f"{fact}; allowed: {relative}")


def _check_gain(study: Study, found: list[Arm]) -> None:
    """Where there is no noise, doing nothing is perfect: no gain over it can be told."""
    for arm in found:
        if METRICS[study.metric].relative and not arm.settings.data.has_noise:
            fact = f"the arm '{arm.name}' has no noise, so that doing nothing is perfect and has no {study.metric}"
            raise StudyError(("metric",), f"{fact}; allowed: some data.filled or data.noisy, of a density and a value")


def _check_runs(study: Study, found: list[Arm]) -> None:
    """A number of runs that does not suffice for the first look would leave nothing to say."""
    first = study.looks[0].seeds * len(found)
    if study.runs is not None and study.runs < first:
        fact = f"the first look alone takes {first} runs, {study.looks[0].seeds} of each arm"
        raise StudyError(("runs",), f"{fact} (given: {study.runs}); allowed: {first} or more")
