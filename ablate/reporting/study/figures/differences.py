"""Each arm's difference from its reference, with its interval, every seed, and the margin."""

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
    label_rows,
    make_figure,
    mark_overflow,
    pad_limits,
    report_style,
    row_places,
)
from ablate.reporting.markup.words import quote_name
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class DifferenceBar:
    """One arm of the figure: each seed's difference, the mean and its two intervals (None where infinite)."""

    arm: str
    seeds: list[float]
    mean: float
    interval: tuple[float, float] | None
    inner: tuple[float, float] | None
    verdict: str
    barred: bool

    @property
    def ends(self) -> list[float]:
        """All values that the bar shows."""
        return [*self.seeds, self.mean, *(self.interval or ())]


def difference_bars(page: Page) -> list[DifferenceBar]:
    """The bars of the figure, where a positive difference is good."""
    bars = []
    for row, c in page.compared_arms:
        differences = page.scores[row.name] - page.scores[row.against]
        seeds = page.metric.sign * differences.iloc[: page.design.looks[len(row.history) - 1].seeds].dropna()
        outer, inner = (
            ends if math.isfinite(ends[0]) else None for ends in ((c.low, c.high), (c.inner_low, c.inner_high))
        )
        if c.pairs:
            bars.append(DifferenceBar(row.name, seeds.tolist(), c.difference, outer, inner, c.verdict, bool(c.barred)))
    return bars


def difference_limits(bars: list[DifferenceBar], margin: float) -> tuple[float, float]:
    """The limits of the x axis: every arm without diverged runs, and the margin."""
    steady = [bar for bar in bars if not bar.barred] or bars
    return pad_limits([-margin, margin, *(end for bar in steady for end in bar.ends)])


def differences_figure(page: Page) -> Figure | None:
    """Draw the bars, one per row; None if nothing can be compared yet."""
    bars = difference_bars(page)
    if not bars:
        return None
    names, (low, high) = [bar.arm for bar in bars], difference_limits(bars, page.design.margin)
    styles = arm_styles(page)
    with report_style():
        places = row_places(names)
        figure = make_figure(0.9 + places[-1])
        axes = figure.subplots()
        axes.axvspan(-page.design.margin, page.design.margin, color="0.9", label=f"margin ±{page.design.margin:g}")
        axes.axvline(0, color="0.5", linewidth=0.8)
        for height, bar in zip(places, bars, strict=False):
            style = styles[bar.arm]
            for interval, width in ((bar.interval, THIN), (bar.inner, THICK)):
                if interval:
                    axes.plot(interval, [height, height], color=style.colour, linewidth=width, solid_capstyle="butt")
            mark_overflow(axes, height, bar.ends, (low, high), style.colour)
            axes.plot(bar.seeds, [height + 0.1] * len(bar.seeds), "|", color=style.colour, alpha=0.7, markersize=6)
            axes.plot(bar.mean, height, style.marker, color=style.colour, markersize=6)
            axes.annotate(bar.verdict, (1.03, height), xycoords=("axes fraction", "data"), va="center")
        label_rows(axes, names, places)
        axes.set_xlim(low, high)
        axes.set_xlabel(f"difference in {metric_label(page.metric)}; right is better")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False)
    return figure


FIGURE = ReportFigure[Page](
    name="differences",
    section=SectionTitle.VERDICTS,
    alternative=lambda page: (
        "Differences from the reference, by arm: "
        + "; ".join(f"{quote_name(row.name)} {c.verdict}" for row, c in page.compared_arms)
    ),
    caption=lambda page: (
        f"Mark: the mean difference from the reference; {LINES} (with an arrow where it leaves the scale); "
        "ticks: each seed; grey: the margin."
    ),
    draw=differences_figure,
)
