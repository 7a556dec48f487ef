"""Grids of two axes or more: each cell's mean as a heat map, and the effect of one axis by the levels of another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import decimals_for, format_fixed, metric_label
from ablate.reporting.markup.style import (
    COLOURS,
    MARKERS,
    WIDTH,
    label_columns,
    make_figure,
    make_panels,
    report_style,
    wrap_name,
)
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle
from ablate.reporting.study.texts import sd_text, standard_error
from ablate.statistics.interactions import HeatMap
from ablate.studies.names import short_name, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEGEND = 1.5
"""Inches of a panel's legend and of what is left of its y axis."""

LEVEL_WIDTH = 14
"""Letters on one line of a legend."""


def cell_text(page: Page, heat: HeatMap, row: int, column: int) -> str:
    """A cell's mean and, below it, its own standard deviation, each rounded to its uncertainty."""
    mean, sd, seeds = (facts[row, column].item() for facts in (heat.means, heat.sds, heat.seeds))
    digits = page.metric.digits
    return f"{format_fixed(mean, decimals_for(standard_error(sd, seeds), digits))}\n± {sd_text(sd, seeds, digits)}"


def cells_figure(page: Page) -> Figure | None:
    """Draw a heat map for each pair of axes, one below the other; bright is good."""
    if not page.grid:
        return None
    maps = page.grid.maps
    with report_style():
        height = sum(0.9 + 0.45 * len(heat.rows) for heat in maps)
        figure = make_figure(height)
        grid = figure.subplots(len(maps), 1, squeeze=False, height_ratios=[2 + len(heat.rows) for heat in maps])[:, 0]
        for axes, heat in zip(grid, maps, strict=True):
            _draw_map(axes, page, heat)
    return figure


def _draw_map(axes: Axes, page: Page, heat: HeatMap) -> None:
    good = page.metric.sign * heat.means
    image = axes.imshow(good, cmap="cividis", aspect="auto")
    axes.set_yticks(range(len(heat.rows)), [value_text(value) for value in heat.rows])
    label_columns(axes, [value_text(value) for value in heat.columns], WIDTH - 0.8)
    axes.set(ylabel=short_name(heat.axes[0]), xlabel=short_name(heat.axes[1]))
    axes.set_title(f"{metric_label(page.metric)}: mean ± sd over seeds", fontsize=9)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    for row, column in np.ndindex(heat.means.shape):
        colour = ink(image.to_rgba(good[row, column]))
        axes.text(column, row, cell_text(page, heat, row, column), ha="center", va="center", color=colour, fontsize=8)


def ink(ground: Iterable[float]) -> str:
    """The colour of text on this one (red, green, blue, alpha): black if its luminance on white is high, else white."""
    red, green, blue, alpha = ground
    luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "black" if alpha * luminance + 1 - alpha > 0.45 else "white"


def interactions_figure(page: Page) -> Figure | None:
    """Draw a panel for each pair of axes: the mean by the second axis, a line for each level of the first."""
    if not page.grid:
        return None
    maps = page.grid.maps
    columns = min(2, len(maps))
    with report_style():
        figure, grid = make_panels(len(maps), columns, 3.0)
        for axes, heat in zip(grid, maps, strict=True):
            _draw_lines(axes, page, heat, WIDTH / columns - LEGEND)
        for axes in grid[::columns]:
            axes.set_ylabel(metric_label(page.metric))
    return figure


def _draw_lines(axes: Axes, page: Page, heat: HeatMap, width: float) -> None:
    errors = np.nan_to_num(heat.errors)
    for index, (level, means) in enumerate(zip(heat.rows, heat.means, strict=True)):
        shift = 0.06 * (index - (len(heat.rows) - 1) / 2)  # so no bar hides another
        places = np.arange(len(heat.columns)) + shift
        colour, marker = COLOURS[index % len(COLOURS)], MARKERS[index % len(MARKERS)]
        label = wrap_name(value_text(level), LEVEL_WIDTH)
        axes.errorbar(places, means, errors[index], capsize=2, color=colour, marker=marker, label=label)
    label_columns(axes, [value_text(value) for value in heat.columns], width)
    axes.set_xlabel(short_name(heat.axes[1]))
    axes.legend(title=short_name(heat.axes[0]), frameon=False, loc="upper left", bbox_to_anchor=(1, 1))


CELLS = ReportFigure[Page](
    name="cells",
    section=SectionTitle.GRID,
    alternative=lambda page: "The mean score of each cell of the grid, with its standard deviation over the seeds",
    caption=lambda page: (
        "Mean and standard deviation over the seeds of each cell, averaged over the other axes if there are more."
    ),
    draw=cells_figure,
)

INTERACTIONS = ReportFigure[Page](
    name="interactions",
    section=SectionTitle.GRID,
    alternative=lambda page: "The mean score by the levels of one axis, a line for each level of another",
    caption=lambda page: (
        "Parallel lines: the effects add up. Mark: the mean over the seeds; bar: its standard error without the part "
        "that a seed adds to all cells alike (Cousineau 2005, Morey 2008)."
    ),
    draw=interactions_figure,
)
