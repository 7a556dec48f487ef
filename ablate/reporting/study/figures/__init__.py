"""The figures of a study's report, a module each: a tested function computes the numbers, another one only draws them.

A new figure is a module with a `ReportFigure`, which has its place in the page, and an entry in `FIGURES`.
"""

from __future__ import annotations

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.study.figures import cost, course, curves, differences, grid, samples, seeds, tuning
from ablate.reporting.study.model import Page

FIGURES: tuple[ReportFigure[Page], ...] = (
    differences.FIGURE,
    tuning.FIGURE,
    course.FIGURE,
    grid.CELLS,
    grid.INTERACTIONS,
    seeds.FIGURE,
    cost.FIGURE,
    curves.FIGURE,
    samples.FIGURE,
)
"""In the order of the page."""
