"""Grids of two or more axes: whether the effect of one axis depends on another.

Arrays of scores have the shape (seeds, levels of the first axis, levels of the second axis, ...), as in
`GridScores.scores`. A missing run is NaN. Its seed is left out of its own cell and of the contrasts with that cell, and
nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.statistics.verdicts import Comparison, compare_pairs

if TYPE_CHECKING:
    from numpy.typing import NDArray


@dataclass(frozen=True)
class GridScores:
    """The scores of a full grid, without the axes that have a single level.

    Attributes:
        axes: names of the settings.
        levels: the values of each axis.
        baseline: for each axis the index of the level that others are compared with: the reference's, if it fixes the
            axis, else the first.
        scores: (seeds, *levels), in the metric's unit; NaN for a missing run.
        bad: (*levels), whether any run of the cell is a bad one: it diverged, or has learned nothing.
        sign: +1 if higher is better, -1 if lower is.
        lacking: (seeds, *levels), whether the run is missing for good, as in `Scores`; None if no run is.
        missing: how many seeds may lack a run without making a contrast wait.
    """

    axes: tuple[str, ...]
    levels: tuple[tuple[Any, ...], ...]
    baseline: tuple[int, ...]
    scores: NDArray[np.floating]
    bad: NDArray[np.bool_]
    sign: int
    lacking: NDArray[np.bool_] | None = None
    missing: int = 0


@dataclass(frozen=True)
class Interaction:
    """How much the effect of a change on one axis differs between two levels of another axis.

    Attributes:
        axes: the pair of axes.
        changed: the level of each axis that is compared.
        baseline: the level of each axis that it is compared with.
        comparison: of the differences of differences, one for each seed; up is good. `better` says that both changes
            together do more good than the sum of their separate effects, `worse` that they do less, and `equivalent`
            that the effects add up within the margin.
    """

    axes: tuple[str, str]
    changed: tuple[Any, Any]
    baseline: tuple[Any, Any]
    comparison: Comparison


@dataclass(frozen=True)
class HeatMap:
    """The cells of two axes, averaged over the levels of all other axes.

    Attributes:
        axes: the axis of the rows and that of the columns.
        rows, columns: their levels.
        means: (rows, columns), mean over the seeds of the cell, in the metric's unit; NaN without any seed.
        sds: (rows, columns), standard deviation over them; NaN with fewer than two seeds.
        errors: (rows, columns), standard errors of the means without what a seed adds to all cells, as in
            `within_errors`.
        seeds: (rows, columns), number of seeds of which the cell misses no run.
    """

    axes: tuple[str, str]
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    means: NDArray[np.floating]
    sds: NDArray[np.floating]
    errors: NDArray[np.floating]
    seeds: NDArray[np.integer]


def interactions(grid: GridScores, margin: float) -> list[Interaction]:
    """Test every interaction contrast of every pair of axes, by paired t intervals with a joint confidence of 95%.

    For levels a and b of two axes and their baselines a0 and b0, the contrast of a seed is

        (y[a, b] - y[a0, b]) - (y[a, b0] - y[a0, b0])

    averaged over the levels of all other axes. A contrast uses the seeds that its four cells share. Its verdict is
    `waiting` if one of their runs is missing, unless the study does without it, and `undecided` if one of them is bad.

    The seeds are blocks, no variance is pooled over cells, and the error is shared over these contrasts (Bonferroni),
    separately from the verdicts of the arms. `benchmarks/other_intervals.md` shows under which noise the confidence
    holds.

    >>> scores = np.array([[[30, 31], [30, 33]], [[28, 29.1], [28, 31.2]], [[29, 29.9], [29, 31.9]]])
    >>> levels, bad = ((1, 4), (2, 12)), np.zeros((2, 2), bool)
    >>> grid = GridScores(("heads", "depth"), levels, (0, 0), scores, bad, sign=1)
    >>> [(item.changed, item.comparison.verdict) for item in interactions(grid, margin=0.25)]
    [((4, 12), 'better')]
    """
    pairs = list(combinations(range(len(grid.axes)), 2))
    count = sum((len(grid.levels[first]) - 1) * (len(grid.levels[second]) - 1) for first, second in pairs)
    return [item for pair in pairs for item in _interactions(grid, pair, margin, count)]


def _interactions(grid: GridScores, pair: tuple[int, int], margin: float, count: int) -> list[Interaction]:
    """All contrasts of two axes, of `count` contrasts in all."""
    a0, b0 = (grid.baseline[axis] for axis in pair)
    changed = [[level for level in range(len(grid.levels[axis])) if level != grid.baseline[axis]] for axis in pair]
    levels = list(product(*changed))
    # the levels of each contrast: of the first axis and of the second
    a, b = np.array(levels).T
    cells = _pair_scores(grid, pair)
    bad = np.any(grid.bad, axis=_other_axes(grid, pair))
    others = tuple(axis + 1 for axis in _other_axes(grid, pair))
    lacks = None if grid.lacking is None else np.asarray(np.any(grid.lacking, axis=others))
    of_any_cell = (bad[a, b] | bad[a0, b] | bad[a, b0] | bad[a0, b0]).tolist()
    # a difference of differences is a paired comparison of two differences: the effect of the first change where the
    # second axis is changed, with its effect where that is at its baseline. If a run of any of the four cells is
    # missing, NaN spreads to one of them
    comparisons = compare_pairs(
        (cells[:, a, b] - cells[:, a0, b]).T,
        (cells[:, a, b0] - cells[:, a0, [b0]]).T,
        margin=margin,
        comparisons=count,
        sign=grid.sign,
        # a diverged run has no score of its own (it gets that of a constant prediction), and one that has learned
        # nothing does not show how good its settings are, so no verdict may rest on either
        arms_bad=of_any_cell,
        references_bad=of_any_cell,
        lacking=None if lacks is None else (lacks[:, a, b] | lacks[:, a0, b] | lacks[:, a, b0] | lacks[:, a0, [b0]]).T,
        missing=grid.missing,
    )
    names, values = (grid.axes[pair[0]], grid.axes[pair[1]]), (grid.levels[pair[0]], grid.levels[pair[1]])
    baseline = (values[0][a0], values[1][b0])
    return [
        Interaction(names, (values[0][first], values[1][second]), baseline, comparison)
        for (first, second), comparison in zip(levels, comparisons, strict=True)
    ]


def _pair_scores(grid: GridScores, pair: tuple[int, int]) -> NDArray[np.floating]:
    """(seeds, levels of the first axis, levels of the second): means over all other axes, NaN if a run is missing."""
    others = tuple(axis + 1 for axis in _other_axes(grid, pair))  # + 1: the seeds are axis 0
    # a plain mean, in which NaN spreads: over fewer cells the mean would be that of other levels
    return np.asarray(grid.scores.mean(axis=others))


def _other_axes(grid: GridScores, pair: tuple[int, int]) -> tuple[int, ...]:
    return tuple(axis for axis in range(len(grid.axes)) if axis not in pair)


def heat_maps(grid: GridScores) -> list[HeatMap]:
    """One heat map for each pair of axes, in the order of the study."""
    return [_heat_map(grid, pair) for pair in combinations(range(len(grid.axes)), 2)]


def _heat_map(grid: GridScores, pair: tuple[int, int]) -> HeatMap:
    import pandas as pd

    cells = _pair_scores(grid, pair)
    # one column per cell: pandas leaves out NaN column by column, and unlike NumPy's nanmean does not warn of columns
    # without any score
    table = pd.DataFrame(cells.reshape(len(cells), -1))
    return HeatMap(
        axes=(grid.axes[pair[0]], grid.axes[pair[1]]),
        rows=grid.levels[pair[0]],
        columns=grid.levels[pair[1]],
        means=table.mean().to_numpy().reshape(cells.shape[1:]),
        sds=table.std(ddof=1).to_numpy().reshape(cells.shape[1:]),
        errors=within_errors(table.to_numpy()).reshape(cells.shape[1:]),
        seeds=table.count().to_numpy().reshape(cells.shape[1:]),
    )


def within_errors(scores: NDArray[np.floating]) -> NDArray[np.floating]:
    """The standard errors of means whose differences are paired by seed (Cousineau 2005; corrected by Morey 2008).

    What a seed adds to all cells is taken away first: it does not blur the differences between them, although it blurs
    the mean of each. Only seeds without a missing run are used.

    Args:
        scores: (seeds, cells).

    Returns:
        (cells,); NaN with fewer than two such seeds.

    >>> within_errors(np.array([[20.0, 21.0], [25.0, 26.2], [22.0, 22.9]])).round(2)
    array([0.06, 0.06])
    """
    complete = scores[~np.isnan(scores).any(axis=1)]
    cells = scores.shape[1]
    if len(complete) < 2:
        return np.full(cells, math.nan)
    within = complete - complete.mean(axis=1, keepdims=True)
    return np.asarray(within.std(axis=0, ddof=1) * math.sqrt(cells / (cells - 1) / len(complete)))
