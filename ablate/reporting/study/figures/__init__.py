"""The figures of a study's report: a module each, in which one tested function computes what another one only draws.

A new figure is a module with a `ReportFigure`, which says where it stands, and an entry in `FIGURES`.
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
