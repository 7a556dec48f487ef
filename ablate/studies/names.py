"""What arms are called: their settings in short, as tables, figures and MLflow show them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from ablate.studies.study import Overrides


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
