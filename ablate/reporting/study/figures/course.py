"""How each arm's interval narrowed from look to look, until it was decided."""

from __future__ import annotations

import math
from dataclasses import dataclass

from matplotlib.figure import Figure

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import named
from ablate.reporting.markup.style import fitted, mark_beyond_above, padded, panels, report_style
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

COLUMNS = 3


@dataclass(frozen=True)
class LookBar:
    """One arm at one look: its place among the study's looks, its mean difference and its interval."""

    place: int
    mean: float
    low: float
    high: float


def look_bars(page: Page) -> dict[str, list[LookBar]]:
    """What the figure shows, by arm; up is good. Looks at which nothing can be compared are left out."""
    found = {}
    for row, _ in page.compared:
        bars = [LookBar(place, c.difference, c.low, c.high) for place, c in enumerate(row.history)]
        if shown := [bar for bar in bars if math.isfinite(bar.low)]:
            found[row.name] = shown
    return found


def look_limits(bars: dict[str, list[LookBar]], margin: float) -> tuple[float, float]:
    """The scale: every mean, every arm's last interval, and the margin; first intervals may be far wider."""
    last = [end for shown in bars.values() for end in (shown[-1].low, shown[-1].high)]
    return padded([-margin, margin, *last, *(bar.mean for shown in bars.values() for bar in shown)])


def course_figure(page: Page) -> Figure | None:
    """A panel per arm, all on one scale; None where there is a single look, or nothing to compare."""
    bars = look_bars(page)
    if len(page.study.looks) == 1 or not bars:
        return None
    numbers, limits = [look.seeds for look in page.study.looks], look_limits(bars, page.study.margin)
    styles = arm_styles(page)
    with report_style():
        figure, grid = panels(len(bars), min(COLUMNS, len(bars)), 1.9, 0.5, sharex=True)
        for axes, (arm, shown) in zip(grid, bars.items(), strict=True):
            axes.axhspan(-page.study.margin, page.study.margin, color="0.9")
            axes.axhline(0, color="0.5", linewidth=0.8)
            for bar in shown:
                axes.plot([bar.place] * 2, [bar.low, bar.high], color=styles[arm].colour, linewidth=2)
                mark_beyond_above(axes, bar.place, (bar.low, bar.high), limits, styles[arm].colour)
                axes.plot(bar.place, bar.mean, styles[arm].marker, color=styles[arm].colour, markersize=6)
            axes.set_title(fitted(arm), fontsize=9)
            axes.set_xticks(range(len(numbers)), [str(number) for number in numbers])
        grid[0].set_ylim(limits)
        grid[0].set_xlim(-0.5, len(numbers) - 0.5)
        figure.supxlabel("seeds at the look", fontsize=9)
        figure.supylabel(f"difference in {named(page.metric)}; up is better", fontsize=9)
    return figure


FIGURE = ReportFigure[Page](
    name="course",
    section=SectionTitle.COURSE,
    alternative=lambda page: "Each arm's difference from its reference and its interval, look by look",
    caption=lambda page: (
        "Mark: the mean difference at a look; line: its interval (with an arrow where it goes on); grey: the margin."
    ),
    draw=course_figure,
)
