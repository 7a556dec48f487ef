"""Scales with a few round ticks, written as plain numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MAX_TICKS = 4
"""Ticks of a panel, whose labels then do not overlap in a third of the figure's width."""


def scale_across(axes: Axes, values: Sequence[float]) -> None:
    """Scale the axis across: logarithmic if positive values differ more than tenfold, with a few round ticks.

    Matplotlib writes the ticks of a logarithmic scale as formulas, which the style of reports does not draw.
    """
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator, NullLocator

    if max(values) > 10 * min(values) > 0:
        axes.set_xscale("log")
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_locator(FixedLocator(round_ticks(min(values), max(values))))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=MAX_TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def round_ticks(low: float, high: float) -> list[float]:
    """At most `MAX_TICKS` round numbers from `low` to `high`, for a logarithmic scale of a decade or more."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for digits in ((1, 2, 5), (1, 3), (1,)):
        ticks = [digit * 10.0**power for power in powers for digit in digits]
        ticks = [tick for tick in ticks if low <= tick <= high]
        if len(ticks) <= MAX_TICKS:
            return ticks
    return ticks[:: math.ceil(len(ticks) / MAX_TICKS)]
