"""What a grid of two axes or more shows besides verdicts: cells, interactions, shares of variance, contributions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ablate.statistics.contributions import Contribution, contributions, has_components
from ablate.statistics.interactions import GridScores, HeatMap, Interaction, heat_maps, interactions
from ablate.statistics.scores import Scores
from ablate.statistics.shares import Share, shares
from ablate.studies.plan import Plan


@dataclass(frozen=True)
class GridFacts:
    """What a grid of two axes or more shows besides verdicts.

    Attributes:
        contributions: only if each axis has two levels, of which the reference states one.
        unstated: of such a grid, the axes that the reference leaves open, so that none of their levels is "on".
    """

    maps: list[HeatMap]
    interactions: list[Interaction]
    shares: list[Share]
    contributions: list[Contribution]
    unstated: list[str]


def read_grid(plan: Plan, scores: Scores) -> GridScores | None:
    """The scores as a grid; None unless the plan has two axes or more and some run has ended."""
    axes = plan.axes
    if len(axes) < 2 or scores.values.isna().all(axis=None):
        return None
    sizes = [len(values) for values in axes.values()]
    return GridScores(
        axes=tuple(axes),
        levels=tuple(map(tuple, axes.values())),
        baseline=_baseline_levels(plan, sizes),
        scores=scores.values.to_numpy(float).reshape(len(scores.values), *sizes),
        bad=scores.bad.any().to_numpy().reshape(sizes),
        sign=scores.sign,
        lacking=None if scores.lacking is None else scores.lacking.to_numpy(bool).reshape(len(scores.values), *sizes),
        missing=scores.missing,
    )


def _baseline_levels(plan: Plan, sizes: list[int]) -> tuple[int, ...]:
    """The levels of the first reference, by its place among the arms: they are in the order of the axes' product."""
    first = next(index for index, arm in enumerate(plan.arms) if arm.against is None)
    return tuple(int(index) for index in np.unravel_index(first, sizes))


def grid_facts(plan: Plan, scores: Scores) -> GridFacts | None:
    """The cells, interactions and shares of a study's scores; None if they are not a grid (see `read_grid`)."""
    grid = read_grid(plan, scores)
    if grid is None:
        return None
    margin, unstated = scores.margin, _unstated_axes(plan) if has_components(grid) else []
    found = [] if unstated else contributions(grid, margin)
    return GridFacts(heat_maps(grid), interactions(grid, margin), shares(grid), found, unstated)


def _unstated_axes(plan: Plan) -> list[str]:
    return [axis for axis in plan.axes if axis not in plan.baseline]
