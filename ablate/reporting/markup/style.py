"""What all figures of reports share: colours, fonts, panels, and labels that fit.

Figures import matplotlib when they are drawn: it takes as long as all else in a report whose figures are kept.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

STYLE = {
    "font.size": 9,
    "legend.fontsize": 9,
    "text.parse_math": False,
    "axes.formatter.useoffset": False,
    "axes.formatter.limits": (-8, 9),
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "ablate",
    "svg.fonttype": "none",
    "figure.dpi": 100,
}

# Okabe and Ito (2008): distinct for colour-blind readers; black is kept for references
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

THIN, THICK = 1.2, 3.5
"""Line widths of outer and inner intervals, in points."""

LINES = "thin line: its outer interval, thick line: its inner one"

WIDTH = 6.6
"""Inches of a figure: 634 pixels, at which its smallest letters are 11 pixels high."""

LETTER = 0.085
"""Inches that a letter of a label is wide, on average."""

NAME_WIDTH = 26
"""Letters on one line of a name beside a row."""


@contextmanager
def report_style() -> Iterator[None]:
    """The style of report figures, to make and to draw them in: matplotlib's defaults and STYLE, no matplotlibrc.

    Names are drawn as they are: a dollar sign does not begin a formula. Ticks show full values, without a factor or an
    offset (`1e-5`, `+3e1`) at the end of the axis.
    """
    from matplotlib import style

    with style.context(STYLE, after_reset=True):
        yield


def make_figure(height: float) -> Figure:
    """An empty figure of this height, in inches. It does not use pyplot, so any thread can draw it."""
    from matplotlib.figure import Figure

    return Figure(figsize=(WIDTH, height), layout="constrained")


def make_panels(
    count: int, columns: int, height: float, extra: float = 0.0, *, sharex: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of this many panels that share their y axis.

    Args:
        count, columns: panels in all, and side by side.
        height: of a panel, in inches.
        extra: height of what else the figure shows, in inches.
        sharex: whether they share their x axis too; each panel shows its labels all the same.
    """
    lines = math.ceil(count / columns)
    figure = make_figure(extra + height * lines)
    grid = list(figure.subplots(lines, columns, sharex=sharex, sharey=True, squeeze=False).flat)
    for axes in grid[count:]:
        axes.remove()
    for axes in grid[:count]:
        axes.tick_params(labelbottom=True)  # the panel below, which would have the labels, may be missing
    return figure, grid[:count]


def title_width(columns: int) -> int:
    """Letters on one line of a panel's title, with this many panels side by side."""
    return 66 // columns


def wrap_name(name: str, width: int = NAME_WIDTH) -> str:
    """A name on lines of at most `width` letters, broken at blanks, or within a long word after a sign."""
    lines = [""]
    for word in name.split():
        for index, piece in enumerate(_pieces(word, width)):
            gap = " " if index == 0 and lines[-1] else ""
            if len(lines[-1] + gap + piece) <= width:
                lines[-1] += gap + piece
            else:
                lines.append(piece)
    return "\n".join(lines)


def _pieces(word: str, width: int) -> list[str]:
    """A word where it can be broken, if it does not fit on a line."""
    if len(word) <= width:
        return [word]
    parts = re.findall(r"[^_.=/-]*[_.=/-]|[^_.=/-]+", word)
    return [part[start : start + width] for part in parts for start in range(0, len(part), width)]


def row_places(names: list[str], width: int = NAME_WIDTH) -> list[float]:
    """The middle of each row in inches below the top of the first, and last the end of all rows.

    A row is as high as its name needs.
    """
    heights = [0.2 + 0.16 * (wrap_name(name, width).count("\n") + 1) for name in names]
    ends = list(accumulate(heights))
    return [end - height / 2 for end, height in zip(ends, heights, strict=True)] + ends[-1:]


def label_rows(axes: Axes, names: list[str], places: list[float], width: int = NAME_WIDTH) -> None:
    """Put the names beside their rows, from the top down at their places (see `row_places`)."""
    axes.set_yticks(places[:-1], [wrap_name(name, width) for name in names])
    axes.set_ylim(places[-1], 0)
    axes.tick_params(axis="y", length=0)


def label_columns(axes: Axes, labels: Sequence[str], inches: float) -> None:
    """Put labels below the places 0, 1, ... of a panel of this width; slanted where they would overlap otherwise."""
    axes.set_xticks(range(len(labels)), labels)
    if max(map(len, labels)) + 1 > inches / len(labels) / LETTER:
        axes.tick_params(axis="x", labelrotation=45)
        for label in axes.get_xticklabels():
            label.set(ha="right", rotation_mode="anchor")


def use_integer_ticks(axis: Axis, most: int = 10) -> None:
    """Put at most this many ticks on an axis, at integers."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(most, integer=True))


def pad_limits(ends: list[float]) -> tuple[float, float]:
    """The limits of a scale that shows all these values with some room around them.

    Callers leave out arms with diverged runs, whose intervals can be ten times as wide as all others.
    """
    edge = 0.05 * (max(ends) - min(ends)) or 1.0
    return min(ends) - edge, max(ends) + edge


def mark_overflow(axes: Axes, place: float, ends: Sequence[float], limits: tuple[float, float], colour: str) -> None:
    """Draw an arrow at each end of the x axis beyond which a row continues."""
    if min(ends) < limits[0]:
        axes.plot(limits[0], place, "<", color=colour, clip_on=False)
    if max(ends) > limits[1]:
        axes.plot(limits[1], place, ">", color=colour, clip_on=False)


def mark_overflow_upright(
    axes: Axes, place: float, ends: Sequence[float], limits: tuple[float, float], colour: str
) -> None:
    """Draw an arrow at each end of the y axis beyond which a column continues."""
    if min(ends) < limits[0]:
        axes.plot(place, limits[0], "v", color=colour, clip_on=False, markersize=4)
    if max(ends) > limits[1]:
        axes.plot(place, limits[1], "^", color=colour, clip_on=False, markersize=4)
