"""The figures of a search: its course, all trials along each axis, and the importance of each axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.scales import scale_across
from ablate.reporting.markup.style import (
    WIDTH,
    label_columns,
    label_rows,
    make_figure,
    make_panels,
    pad_limits,
    report_style,
    row_places,
    title_width,
    use_integer_ticks,
    wrap_name,
)
from ablate.reporting.search.answer import answer
from ablate.reporting.search.model import SearchPage
from ablate.reporting.search.sections import SectionTitle
from ablate.strategies.trial_tables import Trial, best_so_far
from ablate.studies.names import short_name, value_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = {"complete": "#0072B2", "pruned": "#E69F00"}
MARKERS = {"complete": "o", "pruned": "x"}
COLUMNS = 3


def scored_trials(page: SearchPage) -> dict[str, list[Trial]]:
    """The trials that have a value, by their state."""
    return {
        state: trials
        for state in COLOURS
        if (trials := [trial for trial in page.trials if trial.state == state and math.isfinite(trial.value)])
    }


def history_figure(page: SearchPage) -> Figure | None:
    """Draw each trial's value, and the best so far."""
    if page.best is None:
        return None
    with report_style():
        figure = make_figure(2.8)
        axes = figure.subplots()
        numbers = [trial.number for trial in page.trials]
        axes.step(numbers, best_so_far(page.trials, page.metric), where="post", color="black", label="best so far")
        for state, trials in scored_trials(page).items():
            _scatter(axes, state, [trial.number for trial in trials], [trial.value for trial in trials])
        axes.set_ylim(value_limits(page))
        use_integer_ticks(axes.xaxis)
        axes.set_xlabel("trial")
        axes.set_ylabel(metric_label(page.metric))
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False)
    return figure


def _scatter(axes: Axes, state: str, across: list[float], up: list[float]) -> None:
    axes.plot(across, up, MARKERS[state], color=COLOURS[state], alpha=0.8, markersize=5, label=state)


def value_limits(page: SearchPage) -> tuple[float, float]:
    """The limits of the y axis: without values that are so far below the others (if up is good) that they hide them."""
    values = sorted(page.metric.sign * trial.value for trials in scored_trials(page).values() for trial in trials)
    low, middle = values[len(values) // 4], values[len(values) // 2]
    close = [page.metric.sign * value for value in values if value >= low - 3 * (values[-1] - middle)]
    return pad_limits(close)


def importance_figure(page: SearchPage) -> Figure | None:
    """Draw a bar per axis."""
    if not page.importance:
        return None
    names = list(page.importance)
    with report_style():
        places = row_places(names)
        figure = make_figure(0.7 + places[-1])
        axes = figure.subplots()
        axes.barh(places[:-1], list(page.importance.values()), height=0.2, color=COLOURS["complete"])
        label_rows(axes, names, places)
        axes.set_xlim(0, 1)
        axes.set_xlabel("importance in the search (share)")
    return figure


@dataclass(frozen=True)
class AxisPanel:
    """One axis of the space: the x and y of each trial, by its state; `ticks` are the values of a list."""

    name: str
    log: bool
    ticks: list[str] | None
    points: dict[str, tuple[list[float], list[float]]]


def axis_panels(page: SearchPage) -> list[AxisPanel]:
    """The panels of the figure, one per axis."""
    panels = []
    for name, axis in page.search.space.items():
        choices = axis if isinstance(axis, list) else None
        points = {
            state: ([_across(choices, trial.overrides[name]) for trial in trials], [trial.value for trial in trials])
            for state, trials in scored_trials(page).items()
        }
        log = not isinstance(axis, list) and axis.log
        panels.append(AxisPanel(name, log, list(map(value_text, choices)) if choices else None, points))
    return panels


def _across(choices: list[object] | None, value: object) -> float:
    return float(list(map(value_text, choices)).index(value_text(value))) if choices else float(str(value))


def axes_figure(page: SearchPage) -> Figure | None:
    """Draw a panel per axis, all on one scale of values."""
    if page.best is None:
        return None
    panels = axis_panels(page)
    columns = min(COLUMNS, len(panels))
    with report_style():
        figure, grid = make_panels(len(panels), columns, 2.1, 0.4)
        for axes, panel in zip(grid, panels, strict=True):
            _draw_panel(axes, panel, WIDTH / columns - 0.3)
            axes.set_xlabel(wrap_name(short_name(panel.name), title_width(columns)))
        grid[0].set_ylim(value_limits(page))
        figure.supylabel(metric_label(page.metric), fontsize=9)
    return figure


def _draw_panel(axes: Axes, panel: AxisPanel, width: float) -> None:
    for state, (across, up) in panel.points.items():
        _scatter(axes, state, across, up)
    if panel.ticks is not None:
        label_columns(axes, panel.ticks, width)
        axes.set_xlim(-0.5, len(panel.ticks) - 0.5)
    elif panel.log:
        scale_across(axes, [value for across, _ in panel.points.values() for value in across])


FIGURES: tuple[ReportFigure[SearchPage], ...] = (
    ReportFigure(
        name="history",
        section=SectionTitle.COURSE,
        alternative=lambda page: f"The value of each trial, and the best so far; {answer(page)}",
        caption=lambda page: (
            "The value of each trial, in the order in which trials were drawn. Cross: a pruned trial, at its last "
            "value. Values far worse than the others are beyond the scale."
        ),
        draw=history_figure,
    ),
    ReportFigure(
        name="axes",
        section=SectionTitle.COURSE,
        alternative=lambda page: "The value of each trial along each axis of the space",
        caption=lambda page: "Every trial along each axis (cross: pruned); the other axes differ from point to point.",
        draw=axes_figure,
    ),
    ReportFigure(
        name="importance",
        section=SectionTitle.IMPORTANCE,
        alternative=lambda page: "The importance of each axis in the search",
        caption=lambda page: "The shares of all axes add up to 1.",
        draw=importance_figure,
    ),
)
"""In the order of the page."""
