"""Shapley values: how much each of several components contributes to the difference between none and all of them.

For a grid of two levels per axis, where the baseline's level counts as "on" and the other one as "off". Shapley (1953),
"A value for n-person games": the value of a component is what it adds, averaged over all orders in which the components
can be turned on. The values of all components add up to the difference between all on and all off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.statistics.interactions import GridScores
from ablate.statistics.verdicts import Comparison, compare_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray

MAX_AXES = 5
"""A grid of more components has so many cells that no study trains all of them."""


@dataclass(frozen=True)
class Contribution:
    """What a component contributes.

    Attributes:
        axis: the name of its setting.
        off, on: the two levels of the setting; `on` is the baseline's.
        comparison: of the scores with it and without it, averaged over all orders, one for each seed; up is good. Its
            difference is the mean of the Shapley values of the seeds.
    """

    axis: str
    off: Any
    on: Any
    comparison: Comparison


def has_components(grid: GridScores) -> bool:
    """Whether a grid has 2 to `MAX_AXES` axes of two levels each."""
    return len(grid.axes) <= MAX_AXES and all(len(levels) == 2 for levels in grid.levels)


def contributions(grid: GridScores, margin: float) -> list[Contribution]:
    """The Shapley value of each axis; none unless the grid `has_components`. The level of `grid.baseline` counts as on.

    The values are computed for each seed and compared with zero by paired t intervals. Their error is shared over the
    axes (Bonferroni), so that all of them hold jointly with a confidence of 95%, apart from the verdicts of the arms
    and from the interactions. A missing run makes all of them wait, unless the study does without its seed, and
    a bad one leaves them undecided, since each depends on all cells.

    >>> scores = np.array([[[20, 26], [24, 30]], [[21, 27.1], [25, 31]], [[19, 25], [23.1, 29]]])
    >>> grid = GridScores(("skip", "mlp"), ((0, 1),) * 2, (1, 1), scores, np.zeros((2, 2), bool), sign=1)
    >>> [(found.axis, round(found.comparison.difference, 1)) for found in contributions(grid, margin=0.25)]
    [('skip', 4.0), ('mlp', 6.0)]
    """
    if not has_components(grid):
        return []
    count = len(grid.axes)
    parts = [split(grid, axis) for axis in range(count)]
    bad = [bool(grid.bad.any())] * count
    lacks = None if grid.lacking is None else np.asarray(grid.lacking.reshape(len(grid.lacking), -1).any(axis=1))
    comparisons = compare_pairs(
        np.array([with_it for with_it, _ in parts]),
        np.array([without for _, without in parts]),
        margin=margin,
        comparisons=count,
        sign=grid.sign,
        arms_bad=bad,
        references_bad=bad,
        lacking=None if lacks is None else np.broadcast_to(lacks, (count, len(lacks))),
        missing=grid.missing,
    )
    return [
        Contribution(name, levels[1 - on], levels[on], comparison)
        for name, levels, on, comparison in zip(grid.axes, grid.levels, grid.baseline, comparisons, strict=True)
    ]


def split(grid: GridScores, axis: int) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """(seeds,) twice: the mean score when the axis has just been turned on, and before that, over all orders."""
    # axis 0 of the scores are the seeds; of the others, index 1 becomes the level that is on
    levels = (1 - grid.baseline[axis], grid.baseline[axis])
    cube = np.stack([np.take(grid.scores, level, axis=axis + 1) for level in levels])
    others = [on for place, on in enumerate(grid.baseline) if place != axis]
    # the share of all orders in which exactly these others are on when this axis is turned on
    count = len(others) + 1
    weights = [
        math.factorial(size) * math.factorial(count - 1 - size) / math.factorial(count)
        for cell in product((0, 1), repeat=len(others))
        for size in [sum(level == on for level, on in zip(cell, others, strict=True))]
    ]
    without, with_it = cube.reshape(2, len(grid.scores), -1) @ np.array(weights)
    return with_it, without
