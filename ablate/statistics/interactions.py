"""Grids of two or more axes: whether the effect of one axis depends on another, and how much each axis explains.

Arrays of scores have the shape (seeds, levels of the first axis, levels of the second axis, ...), as in
`GridScores.scores`. A missing run is NaN. Its seed is left out of its own cell and of the contrasts with that cell, and
nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.statistics.verdicts import Comparison, compare

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
        diverged: (*levels), whether any run of the cell diverged.
        sign: +1 if higher is better, -1 if lower is.
    """

    axes: tuple[str, ...]
    levels: tuple[tuple[Any, ...], ...]
    baseline: tuple[int, ...]
    scores: NDArray[np.floating]
    diverged: NDArray[np.bool_]
    sign: int


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
        seeds: (rows, columns), number of seeds of which the cell misses no run.
    """

    axes: tuple[str, str]
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    means: NDArray[np.floating]
    sds: NDArray[np.floating]
    seeds: NDArray[np.integer]


@dataclass(frozen=True)
class Share:
    """The share of the variance of the scores that a term explains: omega squared, at least 0.

    There is no p value, because the F test behind it was wrong in 14% of simulated studies with one noisy cell.

    Attributes:
        term: the name of an axis, `("seed",)`, or the names of the axes of an interaction.
        omega_squared: the share. What all shares leave of 1 is unexplained.
    """

    term: tuple[str, ...]
    omega_squared: float


def interactions(grid: GridScores, margin: float) -> list[Interaction]:
    """Test every interaction contrast of every pair of axes, by paired t intervals with a joint confidence of 95%.

    For levels a and b of two axes and their baselines a0 and b0, the contrast of a seed is

        (y[a, b] - y[a0, b]) - (y[a, b0] - y[a0, b0])

    averaged over the levels of all other axes. A contrast uses the seeds that its four cells share. Its verdict is
    `waiting` if one of their runs is missing, and `undecided` if one of them diverged.

    The seeds are blocks, no variance is pooled over cells, and the error is shared over these contrasts (Bonferroni),
    separately from the verdicts of the arms. `benchmarks/calibration.md` shows under which noise the confidence holds.

    >>> scores = np.array([[[30, 31], [30, 33]], [[28, 29.1], [28, 31.2]], [[29, 29.9], [29, 31.9]]])
    >>> levels, diverged = ((1, 4), (2, 12)), np.zeros((2, 2), bool)
    >>> grid = GridScores(("heads", "depth"), levels, (0, 0), scores, diverged, sign=1)
    >>> [(item.changed, item.comparison.verdict) for item in interactions(grid, margin=0.25)]
    [((4, 12), 'better')]
    """
    contrasts = list(_contrasts(grid))
    return [_interaction(grid, pair, levels, margin, len(contrasts)) for pair, levels in contrasts]


def _contrasts(grid: GridScores) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Yield (indices of two axes, indices of one level of each), for all levels that are not baselines."""
    for first, second in combinations(range(len(grid.axes)), 2):
        for levels in product(range(len(grid.levels[first])), range(len(grid.levels[second]))):
            if levels[0] != grid.baseline[first] and levels[1] != grid.baseline[second]:
                yield (first, second), levels


def _interaction(
    grid: GridScores, pair: tuple[int, int], levels: tuple[int, int], margin: float, count: int
) -> Interaction:
    (a, b), (a0, b0) = levels, (grid.baseline[pair[0]], grid.baseline[pair[1]])
    # the 2 x 2 cells of the contrast: row 0 is the changed level of the first axis and row 1 its baseline; the columns
    # are those of the second axis in the same way
    rows, columns = np.ix_((a, a0), (b, b0))
    others = tuple(axis for axis in range(len(grid.axes)) if axis not in pair)
    diverged = bool(np.any(grid.diverged, axis=others)[rows, columns].any())
    cells = _pair_scores(grid, pair)[:, rows, columns]
    shared = cells[~np.isnan(cells).any(axis=(1, 2))]  # seeds of which all four cells have a score
    # a difference of differences is a paired comparison of two differences: the effect of the first change where the
    # second axis is changed, with its effect where that is at its baseline
    comparison = compare(
        shared[:, 0, 0] - shared[:, 1, 0],
        shared[:, 0, 1] - shared[:, 1, 1],
        margin=margin,
        comparisons=count,
        sign=grid.sign,
        # a diverged run has no score of its own (it gets that of answering zero), so no verdict may rest on it
        arm_diverged=diverged,
        reference_diverged=diverged,
        missing=len(shared) < len(cells),
    )
    return Interaction(
        axes=(grid.axes[pair[0]], grid.axes[pair[1]]),
        changed=(grid.levels[pair[0]][a], grid.levels[pair[1]][b]),
        baseline=(grid.levels[pair[0]][a0], grid.levels[pair[1]][b0]),
        comparison=comparison,
    )


def _pair_scores(grid: GridScores, pair: tuple[int, int]) -> NDArray[np.floating]:
    """(seeds, levels of the first axis, levels of the second): means over all other axes, NaN if a run is missing."""
    others = tuple(axis + 1 for axis in range(len(grid.axes)) if axis not in pair)  # + 1: the seeds are axis 0
    # a plain mean, in which NaN spreads: over fewer cells the mean would be that of other levels
    return np.asarray(grid.scores.mean(axis=others))


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
        seeds=table.count().to_numpy().reshape(cells.shape[1:]),
    )


def shares(grid: GridScores) -> list[Share]:
    """The shares of the axes, of the seeds (as blocks) and of all interactions, in this order.

    Only seeds of which no run is missing are used. Without at least two of them there are no shares.

    omega squared = (SS - df MS_rest) / (SS_total + MS_rest), from the sums of squares of statsmodels' `anova_lm`.
    """
    # a balanced table: only then do the sums of squares of the terms not depend on their order
    scores = grid.scores[~np.isnan(grid.scores).any(axis=tuple(range(1, grid.scores.ndim)))]
    if len(scores) < 2:
        return []
    table = _analysis_of_variance(scores)
    rest = table.sum_sq["Residual"] / table.df["Residual"]
    terms = table.drop(index="Residual")
    total = table.sum_sq.sum() + rest
    # `df * rest` is what noise alone contributes to a term on average; without it, eta squared would show a share for
    # every axis. A term that explains less than noise does would have a negative share
    omega = ((terms.sum_sq - terms.df * rest) / total).clip(lower=0) if total else 0 * terms.sum_sq
    # statsmodels calls the terms "C(seed)", "C(axis0)", "C(axis0):C(axis1)"
    names = {"seed": "seed"} | {f"axis{index}": axis for index, axis in enumerate(grid.axes)}
    found = [Share(tuple(names[part[2:-1]] for part in term.split(":")), float(omega[term])) for term in terms.index]
    return sorted(found, key=lambda share: (len(share.term), share.term == ("seed",)))


def _analysis_of_variance(scores: NDArray[np.floating]) -> Any:
    """statsmodels' table of the full factorial model with the seeds as blocks: `sum_sq` and `df` by term."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    # the long form: one row per score, with its seed and the index of its level on each axis
    indices = np.indices(scores.shape).reshape(scores.ndim, -1)
    names = ["seed", *(f"axis{index}" for index in range(scores.ndim - 1))]
    table = pd.DataFrame(dict(zip(names, indices, strict=True)) | {"score": scores.ravel()})
    # names of our own, since a setting's name ("model.heads") means something else in a formula; the seeds enter
    # without interactions, so what the axes do differently for each seed is the residual
    model = f"score ~ C(seed) + {'*'.join(f'C({name})' for name in names[1:])}"
    with np.errstate(divide="ignore", invalid="ignore"):  # its F values, which we do not use, may divide by zero
        return anova_lm(ols(model, table).fit())
