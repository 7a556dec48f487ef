"""Quality against what it costs: parameters, FLOPs and seconds of training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import EngFormatter, FixedLocator, MaxNLocator, NullLocator

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import named
from ablate.reporting.markup.style import WIDTH, fitted, report_style
from ablate.reporting.study.figures.styles import Style, arm_styles
from ablate.reporting.study.model import ArmRow, Page
from ablate.reporting.study.sections import SectionTitle
from ablate.reporting.study.texts import standard_error

COSTS: dict[str, Callable[[ArmRow], float]] = {
    "parameters": lambda row: row.parameters,
    "FLOPs per image": lambda row: row.flops,
    "training (s)": lambda row: row.seconds,
}
"""Each cost by the name of its axis."""


@dataclass(frozen=True)
class CostPoint:
    """One arm in one panel: its cost, its mean score and the standard error of that (0 where unknown)."""

    arm: str
    cost: float
    score: float
    error: float


def cost_panels(page: Page) -> dict[str, list[CostPoint]]:
    """What the figure shows: a panel for each cost in which arms differ."""
    scored = [row for row in page.rows if not math.isnan(row.mean)]
    panels = {}
    for label, cost in COSTS.items():
        errors = [standard_error(row.sd, row.seeds) for row in scored]
        points = [
            CostPoint(row.name, cost(row), row.mean, 0.0 if math.isnan(error) else error)
            for row, error in zip(scored, errors, strict=True)
        ]
        if len({point.cost for point in points}) > 1:
            panels[label] = points
    return panels


def cost_figure(page: Page) -> Figure | None:
    """Draw the panels side by side on one scale of quality, and the names below."""
    panels = cost_panels(page)
    if not panels:
        return None
    names = [point.arm for point in next(iter(panels.values()))]
    columns = max(1, min(4, 88 // (6 + max(map(len, names)))))
    lines = sum(fitted(name, 80).count("\n") + 1 for name in names[::columns])
    styles = arm_styles(page)
    with report_style():
        figure = Figure(figsize=(WIDTH, 2.9 + 0.19 * lines), layout="constrained")
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, (label, points) in zip(grid, panels.items(), strict=True):
            for point in points:
                _draw_point(axes, point, styles[point.arm])
            _scale_costs(axes, [point.cost for point in points])
            axes.set_xlabel(label)
            axes.grid(color="0.92")
            axes.set_axisbelow(True)
        grid[0].set_ylabel(f"{named(page.metric)}, mean over seeds")
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=columns, frameon=False)
    return figure


def round_ticks(low: float, high: float) -> list[float]:
    """Of 1, 2 and 5 times the powers of ten those from `low` to `high`; the powers alone if these are three or more."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    fine = [digit * 10.0**power for power in powers for digit in (1, 2, 5) if low <= digit * 10.0**power <= high]
    coarse = [10.0**power for power in powers if low <= 10.0**power <= high]
    return coarse if len(coarse) > 2 else fine


def _draw_point(axes: Axes, point: CostPoint, style: Style) -> None:
    axes.errorbar(
        point.cost,
        point.score,
        point.error,
        fmt=style.marker,
        color=style.colour,
        capsize=2,
        label=fitted(point.arm, 80),
    )


def _scale_costs(axes: Axes, costs: list[float]) -> None:
    """Logarithmic where costs differ tenfold; a few round ticks, with k and M for thousands and millions."""
    if max(costs) > 10 * min(costs) > 0:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(round_ticks(min(costs), max(costs))))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4))
    axes.xaxis.set_major_formatter(EngFormatter(sep=""))


FIGURE = ReportFigure[Page](
    name="cost",
    section=SectionTitle.COST,
    alternative=lambda page: f"{page.metric.name} against parameters, FLOPs and seconds of training",
    caption=lambda page: (
        "Mean over the seeds and its standard error, against each cost in which the arms differ. Training: the fastest "
        "of the arm's runs, since other work on a machine slows runs down."
    ),
    draw=cost_figure,
)
