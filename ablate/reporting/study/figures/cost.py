"""Quality against cost: parameters, FLOPs and training time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label, time_unit
from ablate.reporting.markup.scales import scale_across
from ablate.reporting.markup.style import make_figure, report_style, wrap_name
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.figures.styles import Style, arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle
from ablate.reporting.study.texts import seeds_text, standard_error

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CostPoint:
    """One arm in one panel: its cost, its mean score, and the standard error of its difference (0 where unknown)."""

    arm: str
    cost: float
    score: float
    error: float


@dataclass(frozen=True)
class CostPanel:
    """One cost of all arms; `prefixed`: whether its ticks abbreviate thousands and millions (20k, 5M)."""

    label: str
    points: list[CostPoint]
    prefixed: bool


def cost_panels(page: Page) -> list[CostPanel]:
    """The panels of the figure: one for each cost in which arms differ."""
    rows = [row for row in page.rows if not math.isnan(row.level.mean)]
    time = time_unit(max((row.level.seconds for row in rows), default=0.0))
    panels = [
        _panel("parameters", rows, lambda row: row.parameters),
        _panel("FLOPs per image", rows, lambda row: row.flops),
        # "450m" would read as minutes or metres
        _panel(f"training ({time.name})", rows, lambda row: row.level.seconds / time.seconds, prefixed=False),
    ]
    return [panel for panel in panels if len({point.cost for point in panel.points}) > 1]


def _panel(label: str, rows: list[ArmRow], cost: Callable[[ArmRow], float], *, prefixed: bool = True) -> CostPanel:
    return CostPanel(label, [CostPoint(row.name, cost(row), row.level.mean, _error(row)) for row in rows], prefixed)


def _error(row: ArmRow) -> float:
    """The standard error of the difference from the reference, at the first look; 0 where it is unknown."""
    error = standard_error(row.history[0].sd, row.history[0].pairs) if row.history else math.nan
    return 0.0 if math.isnan(error) else error


def cost_figure(page: Page) -> Figure | None:
    """Draw the panels side by side on one scale of quality, with the names of the arms below."""
    from matplotlib.ticker import EngFormatter

    panels = cost_panels(page)
    if not panels:
        return None
    names = [point.arm for point in panels[0].points]
    columns = max(1, min(4, 88 // (6 + max(map(len, names)))))
    lines = sum(wrap_name(name, 80).count("\n") + 1 for name in names[::columns])
    styles = arm_styles(page)
    with report_style():
        figure = make_figure(2.9 + 0.19 * lines)
        grid = figure.subplots(1, len(panels), sharey=True, squeeze=False)[0]
        for axes, panel in zip(grid, panels, strict=True):
            for point in panel.points:
                _draw_point(axes, point, styles[point.arm])
            scale_across(axes, [point.cost for point in panel.points])
            if panel.prefixed:
                axes.xaxis.set_major_formatter(EngFormatter(sep=""))
            axes.set_xlabel(panel.label)
            axes.grid(color="0.92")
            axes.set_axisbelow(True)
        grid[0].set_ylabel(f"{metric_label(page.metric)}, mean over seeds")
        handles, labels = grid[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower left", ncols=columns, frameon=False)
    return figure


def _draw_point(axes: Axes, point: CostPoint, style: Style) -> None:
    axes.errorbar(
        point.cost,
        point.score,
        point.error,
        fmt=style.marker,
        color=style.colour,
        capsize=2,
        label=wrap_name(point.arm, 80),
    )


FIGURE = ReportFigure[Page](
    name="cost",
    section=SectionTitle.COST,
    alternative=lambda page: f"{page.metric.name} against parameters, FLOPs and training time",
    caption=lambda page: (
        f"Mean over the {seeds_text(page)}, against each cost in which the arms differ. Bar: the standard error of the "
        "paired difference from the reference, not of the mean, since the means share the noise of their seeds. "
        "Training: the fastest of the arm's runs, since other work on a machine slows runs down."
    ),
    draw=cost_figure,
)
