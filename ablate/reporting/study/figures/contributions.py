"""What each component of a grid contributes to the difference between all on and all off, with its interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.style import (
    COLOURS,
    LINES,
    THICK,
    THIN,
    label_rows,
    make_figure,
    mark_overflow,
    pad_limits,
    report_style,
    row_places,
)
from ablate.reporting.markup.words import quote_name
from ablate.reporting.study.grid_tables import CONTRIBUTES
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle
from ablate.studies.names import arm_name

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class ContributionBar:
    """One component: the mean of its Shapley values, and its two intervals (None where infinite)."""

    name: str
    mean: float
    interval: tuple[float, float] | None
    inner: tuple[float, float] | None
    verdict: str

    @property
    def ends(self) -> list[float]:
        """All values that the bar shows."""
        return [0.0, self.mean, *(self.interval or ())]


def contribution_bars(page: Page) -> list[ContributionBar]:
    """The bars of the figure, in the order of the axes; none if every seed lacks a run."""
    return [
        ContributionBar(
            arm_name({item.axis: item.on}),
            item.comparison.difference,
            _finite(item.comparison.low, item.comparison.high),
            _finite(item.comparison.inner_low, item.comparison.inner_high),
            CONTRIBUTES[item.comparison.verdict],
        )
        for item in (page.grid.contributions if page.grid else [])
        if item.comparison.pairs
    ]


def _finite(low: float, high: float) -> tuple[float, float] | None:
    return (low, high) if math.isfinite(low) else None


def contributions_figure(page: Page) -> Figure | None:
    """Draw the bars from zero, one per row; None if the page has no contributions."""
    bars = contribution_bars(page)
    if not bars:
        return None
    names, margin = [bar.name for bar in bars], page.design.margin
    limits = pad_limits([-margin, margin, *(end for bar in bars for end in bar.ends)])
    with report_style():
        places = row_places(names)
        figure = make_figure(0.9 + places[-1])
        axes = figure.subplots()
        axes.axvspan(-margin, margin, color="0.9", label=f"margin ±{margin:g}")
        axes.axvline(0, color="0.5", linewidth=0.8)
        for height, bar in zip(places, bars, strict=False):
            axes.barh(height, bar.mean, height=0.12, color=COLOURS[0], alpha=0.6)
            for interval, width in ((bar.interval, THIN), (bar.inner, THICK)):
                if interval:
                    axes.plot(interval, [height, height], color="black", linewidth=width, solid_capstyle="butt")
            mark_overflow(axes, height, bar.ends, limits, COLOURS[0])
            axes.annotate(bar.verdict, (1.03, height), xycoords=("axes fraction", "data"), va="center")
        label_rows(axes, names, places)
        axes.set_xlim(*limits)
        axes.set_xlabel(f"contribution to {metric_label(page.metric)}; right is better")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    return figure


FIGURE = ReportFigure[Page](
    name="contributions",
    section=SectionTitle.GRID,
    alternative=lambda page: (
        "Contributions of the components: "
        + "; ".join(f"{quote_name(bar.name)} {bar.verdict}" for bar in contribution_bars(page))
    ),
    caption=lambda page: (
        f"Bar: what an axis contributes, its Shapley value, as the mean over the seeds; {LINES}; grey: the margin."
    ),
    draw=contributions_figure,
)
