"""What all figures of reports share: colours, fonts, panels, and names that fit."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import accumulate

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from ablate.run_figures import STYLE

# Okabe and Ito (2008): told apart by colour-blind readers; black is kept for references
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

WIDTH = 6.6
"""Inches of a figure: 634 pixels, at which its smallest letters are 11 pixels high."""


@contextmanager
def report_style() -> Iterator[None]:
    """The style of report figures; names are shown as they are, a dollar sign is no formula."""
    with matplotlib.rc_context(STYLE | {"text.parse_math": False, "font.size": 9, "legend.fontsize": 9}):
        yield


def panels(
    count: int, columns: int, height: float, above: float = 0.0, *, sharex: bool = False
) -> tuple[Figure, list[Axes]]:
    """A figure of so many panels, each of this height in inches, all on one upright scale; `above` is for the rest."""
    lines = math.ceil(count / columns)
    figure = Figure(figsize=(WIDTH, above + height * lines), layout="constrained")
    found = list(figure.subplots(lines, columns, sharex=sharex, sharey=True, squeeze=False).flat)
    for axes in found[count:]:
        axes.remove()
    return figure, found[:count]


def fitted(name: str, width: int = 26) -> str:
    """A name on lines of at most `width` letters."""
    return "\n".join(textwrap.wrap(name, width) or [name])


def row_places(names: list[str], width: int = 26) -> list[float]:
    """Where the middle of each row stands below the first one's top, in inches, and last where the rows end.

    A row is as high as its name needs.
    """
    heights = [0.2 + 0.16 * (fitted(name, width).count("\n") + 1) for name in names]
    ends = list(accumulate(heights))
    return [end - height / 2 for end, height in zip(ends, heights, strict=True)] + ends[-1:]


def name_rows(axes: Axes, names: list[str], places: list[float], width: int = 26) -> None:
    """Rows from the top down at their places (`row_places`), each with its name."""
    axes.set_yticks(places[:-1], [fitted(name, width) for name in names])
    axes.set_ylim(places[-1], 0)
    axes.tick_params(axis="y", length=0)


def padded(ends: list[float]) -> tuple[float, float]:
    """A scale that holds these values with some room.

    Scales are made of arms without diverged runs: the interval of one that has some may span ten times the others.
    """
    edge = 0.05 * (max(ends) - min(ends)) or 1.0
    return min(ends) - edge, max(ends) + edge


def mark_beyond(axes: Axes, place: float, ends: list[float], limits: tuple[float, float], colour: str) -> None:
    """An arrow at each end of the scale beyond which a row goes on."""
    if min(ends) < limits[0]:
        axes.plot(limits[0], place, "<", color=colour, clip_on=False)
    if max(ends) > limits[1]:
        axes.plot(limits[1], place, ">", color=colour, clip_on=False)


def mark_beyond_above(
    axes: Axes, place: float, ends: tuple[float, float], limits: tuple[float, float], colour: str
) -> None:
    """The same for a column, whose scale is upright."""
    if min(ends) < limits[0]:
        axes.plot(place, limits[0], "v", color=colour, clip_on=False, markersize=4)
    if max(ends) > limits[1]:
        axes.plot(place, limits[1], "^", color=colour, clip_on=False, markersize=4)
