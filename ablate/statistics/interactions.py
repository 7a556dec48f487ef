"""Grids of two or more axes: whether one axis' effect depends on another, and the share of each in the scores.

Arrays of scores are (seeds, levels of the first axis, levels of the second, ...), as `GridScores.scores`. A missing run
is NaN, and its seed is left out of its own cell and of that cell's contrasts only.
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
        axes: their settings' names; `levels` are the values of each.
        baseline: the level of each axis that others are compared with: the reference's, else the axis' first.
        scores: (seeds, *levels), in the metric's unit; NaN where a run is missing.
        diverged: (*levels), whether any run of the cell diverged.
        sign: +1 if more is better, -1 if less is.
    """

    axes: tuple[str, ...]
    levels: tuple[tuple[Any, ...], ...]
    baseline: tuple[int, ...]
    scores: NDArray[np.floating]
    diverged: NDArray[np.bool_]
    sign: int


@dataclass(frozen=True)
class Interaction:
    """How much more the first axis' change does where the second is changed too, than where it is not.

    Attributes:
        axes: the pair of axes; `changed` are the levels compared, `baseline` those that they are compared with.
        comparison: of the difference of differences, each seed's its own; up is good. `better` says that the two
            changes together do more good than the sum of each alone, `worse` less, `equivalent` that they add up
            within the margin.
    """

    axes: tuple[str, str]
    changed: tuple[Any, Any]
    baseline: tuple[Any, Any]
    comparison: Comparison


@dataclass(frozen=True)
class HeatMap:
    """Two axes' cells: rows are the levels of the first, columns of the second; other axes are averaged over.

    Attributes:
        means: (rows, columns), mean over the cell's own seeds, in the metric's unit; NaN without any.
        sds: (rows, columns), each cell's own standard deviation over them; NaN with one seed.
        seeds: (rows, columns), seeds of which no run of the cell is missing.
    """

    axes: tuple[str, str]
    rows: tuple[Any, ...]
    columns: tuple[Any, ...]
    means: NDArray[np.floating]
    sds: NDArray[np.floating]
    seeds: NDArray[np.integer]


@dataclass(frozen=True)
class Share:
    """What part of the scores' variance a term explains: omega squared, not below zero.

    `term` names an axis, `("seed",)`, or the axes of an interaction; what the shares leave of 1 is unexplained. There
    is no p value: the F test behind it erred in 14% of studies with one noisy cell.
    """

    term: tuple[str, ...]
    omega_squared: float


def interactions(grid: GridScores, margin: float) -> list[Interaction]:
    """Every interaction contrast of every pair of axes, by paired t intervals at a joint confidence of 95%.

    For levels a and b of two axes with the baselines a0 and b0, each seed's contrast is
    (y[a, b] - y[a0, b]) - (y[a, b0] - y[a0, b0]), averaged over the levels of other axes. The seeds are blocks, no
    variance is pooled over cells, and the error is shared over these contrasts (Bonferroni), apart from the verdicts'.
    `benchmarks/calibration.md` says under which noise that confidence was kept. A contrast is over the seeds that its
    four cells share, and waits where a run of them is missing. Where a run of them diverged, it is settled neither way.
    """
    contrasts = list(_contrasts(grid))
    return [_interaction(grid, pair, levels, margin, len(contrasts)) for pair, levels in contrasts]


def _contrasts(grid: GridScores) -> Iterator[tuple[tuple[int, int], tuple[int, int]]]:
    """Each pair of axes with each pair of their levels that are not the baselines."""
    for first, second in combinations(range(len(grid.axes)), 2):
        for levels in product(range(len(grid.levels[first])), range(len(grid.levels[second]))):
            if levels[0] != grid.baseline[first] and levels[1] != grid.baseline[second]:
                yield (first, second), levels


def _interaction(
    grid: GridScores, pair: tuple[int, int], levels: tuple[int, int], margin: float, count: int
) -> Interaction:
    (a, b), (a0, b0) = levels, (grid.baseline[pair[0]], grid.baseline[pair[1]])
    rows, columns = np.ix_((a, a0), (b, b0))
    others = tuple(axis for axis in range(len(grid.axes)) if axis not in pair)
    diverged = bool(np.any(grid.diverged, axis=others)[rows, columns].any())
    cells = _pair_scores(grid, pair)[:, rows, columns]
    shared = cells[~np.isnan(cells).any(axis=(1, 2))]
    comparison = compare(
        shared[:, 0, 0] - shared[:, 1, 0],
        shared[:, 0, 1] - shared[:, 1, 1],
        margin=margin,
        comparisons=count,
        sign=grid.sign,
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
    """(seeds, levels of the first, levels of the second): the mean over all other axes, NaN where a run is missing."""
    others = tuple(axis + 1 for axis in range(len(grid.axes)) if axis not in pair)
    return np.asarray(grid.scores.mean(axis=others))


def heat_maps(grid: GridScores) -> list[HeatMap]:
    """One for each pair of axes, in the order of the study."""
    return [_heat_map(grid, pair) for pair in combinations(range(len(grid.axes)), 2)]


def _heat_map(grid: GridScores, pair: tuple[int, int]) -> HeatMap:
    import pandas as pd

    cells = _pair_scores(grid, pair)
    table = pd.DataFrame(cells.reshape(len(cells), -1))  # leaves out what is missing, column by column
    return HeatMap(
        axes=(grid.axes[pair[0]], grid.axes[pair[1]]),
        rows=grid.levels[pair[0]],
        columns=grid.levels[pair[1]],
        means=table.mean().to_numpy().reshape(cells.shape[1:]),
        sds=table.std(ddof=1).to_numpy().reshape(cells.shape[1:]),
        seeds=table.count().to_numpy().reshape(cells.shape[1:]),
    )


def shares(grid: GridScores) -> list[Share]:
    """The share of each axis, of the seeds (as blocks) and of each interaction, axes first.

    Over the seeds of which no run is missing; none with fewer than two of them.
    omega squared = (SS - df MS_rest) / (SS_total + MS_rest), from the sums of squares of statsmodels' `anova_lm`.
    """
    scores = grid.scores[~np.isnan(grid.scores).any(axis=tuple(range(1, grid.scores.ndim)))]
    if len(scores) < 2:
        return []
    table = _analysis_of_variance(scores)
    rest = table.sum_sq["Residual"] / table.df["Residual"]
    terms = table.drop(index="Residual")
    total = table.sum_sq.sum() + rest
    omega = ((terms.sum_sq - terms.df * rest) / total).clip(lower=0) if total else 0 * terms.sum_sq
    names = {"seed": "seed"} | {f"axis{index}": axis for index, axis in enumerate(grid.axes)}
    found = [Share(tuple(names[part[2:-1]] for part in term.split(":")), float(omega[term])) for term in terms.index]
    return sorted(found, key=lambda share: (len(share.term), share.term == ("seed",)))


def _analysis_of_variance(scores: NDArray[np.floating]) -> Any:
    """statsmodels' table of the full factorial model with the seeds as blocks: `sum_sq` and `df` by term."""
    import pandas as pd
    from statsmodels.formula.api import ols
    from statsmodels.stats.anova import anova_lm

    indices = np.indices(scores.shape).reshape(scores.ndim, -1)
    names = ["seed", *(f"axis{index}" for index in range(scores.ndim - 1))]
    table = pd.DataFrame(dict(zip(names, indices, strict=True)) | {"score": scores.ravel()})
    model = f"score ~ C(seed) + {'*'.join(f'C({name})' for name in names[1:])}"
    with np.errstate(divide="ignore", invalid="ignore"):  # its F values, which are not used, where nothing is left over
        return anova_lm(ols(model, table).fit())
