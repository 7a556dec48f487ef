"""The figures of a study's report, a module each: a tested function computes the numbers, another one only draws them.

A new figure is a module with a `ReportFigure`, which has its place in the page, and an entry in `FIGURES`; `selection`
limits what it shows of a large study.
"""

from __future__ import annotations

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.study.figures import (
    contributions,
    cost,
    course,
    curves,
    differences,
    grid,
    samples,
    seeds,
    tuning,
)
from ablate.reporting.study.model import Page
from ablate.reporting.study.selection import limit_arms, limit_levels

FIGURES: tuple[ReportFigure[Page], ...] = (
    limit_arms(differences.FIGURE),
    limit_arms(tuning.FIGURE),
    limit_arms(course.FIGURE),
    limit_levels(grid.CELLS),
    limit_levels(grid.INTERACTIONS),
    contributions.FIGURE,
    limit_arms(seeds.FIGURE),
    limit_arms(cost.FIGURE),
    limit_arms(curves.FIGURE),
    limit_arms(samples.FIGURE),
)
"""In the order of the page."""
