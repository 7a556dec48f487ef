"""How each arm's interval narrowed from look to look until the arm was decided."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.style import (
    LINES,
    THICK,
    THIN,
    make_panels,
    mark_overflow_upright,
    pad_limits,
    report_style,
    title_width,
    wrap_name,
)
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 3


@dataclass(frozen=True)
class LookBar:
    """One arm at one look: the index of the look, the mean difference and its two intervals."""

    place: int
    mean: float
    low: float
    high: float
    inner_low: float
    inner_high: float


def look_bars(page: Page) -> dict[str, list[LookBar]]:
    """The bars of the figure by arm, where up is good; looks at which nothing can be compared are left out."""
    arms = {}
    for row, _ in page.compared_arms:
        bars = [
            LookBar(place, c.difference, c.low, c.high, c.inner_low, c.inner_high)
            for place, c in enumerate(row.history)
        ]
        if finite := [bar for bar in bars if math.isfinite(bar.low)]:
            arms[row.name] = finite
    return arms


def look_limits(arms: dict[str, list[LookBar]], margin: float) -> tuple[float, float]:
    """The limits of the y axis: all means, all last intervals, and the margin; first intervals can be far wider."""
    last = [end for bars in arms.values() for end in (bars[-1].low, bars[-1].high)]
    return pad_limits([-margin, margin, *last, *(bar.mean for bars in arms.values() for bar in bars)])


def course_figure(page: Page) -> Figure | None:
    """Draw a panel per arm, all on one scale; None if there is a single look, or nothing to compare."""
    arms = look_bars(page)
    if len(page.design.looks) == 1 or not arms:
        return None
    numbers, limits = [look.seeds for look in page.design.looks], look_limits(arms, page.design.margin)
    styles, columns = arm_styles(page), min(COLUMNS, len(arms))
    with report_style():
        figure, grid = make_panels(len(arms), columns, 1.9, 0.5, sharex=True)
        for axes, (arm, bars) in zip(grid, arms.items(), strict=True):
            axes.axhspan(-page.design.margin, page.design.margin, color="0.9")
            axes.axhline(0, color="0.5", linewidth=0.8)
            for bar in bars:
                for ends, width in (((bar.low, bar.high), THIN), ((bar.inner_low, bar.inner_high), THICK)):
                    colour = styles[arm].colour
                    axes.plot([bar.place] * 2, ends, color=colour, linewidth=width, solid_capstyle="butt")
                mark_overflow_upright(axes, bar.place, (bar.low, bar.high), limits, styles[arm].colour)
                axes.plot(bar.place, bar.mean, styles[arm].marker, color=styles[arm].colour, markersize=6)
            axes.set_title(wrap_name(arm, title_width(columns)), fontsize=9)
            axes.set_xticks(range(len(numbers)), [str(number) for number in numbers])
        grid[0].set_ylim(limits)
        grid[0].set_xlim(-0.5, len(numbers) - 0.5)
        figure.supxlabel("seeds at the look", fontsize=9)
        figure.supylabel(f"difference in {metric_label(page.metric)}; up is better", fontsize=9)
    return figure


FIGURE = ReportFigure[Page](
    name="course",
    section=SectionTitle.COURSE,
    alternative=lambda page: "Each arm's difference from its reference and its interval, look by look",
    caption=lambda page: (
        f"Mark: the mean difference at a look; {LINES} (with an arrow where it leaves the scale); grey: the margin."
    ),
    draw=course_figure,
)
