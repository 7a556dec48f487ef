"""What a drawn figure shows: its texts, and which of them collide."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Tick
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def visible_texts(figure: Figure) -> list[Text]:
    """All texts that a reader sees, after the figure has been laid out; ticks beyond the scale are not drawn."""
    FigureCanvasAgg(figure).draw()
    beyond = {id(tick.label1) for axes in figure.axes for tick in _ticks_beyond(axes)}
    texts = figure.findobj(Text)
    return [text for text in texts if text.get_visible() and text.get_text().strip() and id(text) not in beyond]


def intervals(axes: Axes) -> dict[float, list[tuple[float, float]]]:
    """The ends of all horizontal lines of two points, by their width."""
    found: dict[float, list[tuple[float, float]]] = {}
    for line in axes.get_lines():
        (x, y) = (np.asarray(data, float) for data in (line.get_xdata(), line.get_ydata()))
        if len(x) == 2 and y[0] == y[1]:
            found.setdefault(line.get_linewidth(), []).append((float(x[0]), float(x[1])))
    return found


def _ticks_beyond(axes: Axes) -> Iterator[Tick]:
    for axis in (axes.xaxis, axes.yaxis):
        low, high = sorted(axis.get_view_interval())
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks()):
            if not low - 1e-9 <= tick.get_loc() <= high + 1e-9:
                yield tick


def collisions(figure: Figure) -> list[tuple[str, str]]:
    """Pairs of texts that overlap by more than a pixel in both directions; slanted ones beside each other do not."""
    texts = [(text, text.get_window_extent()) for text in visible_texts(figure)]
    return [
        (a.get_text(), b.get_text())
        for (a, one), (b, other) in combinations(texts, 2)
        if min(one.x1, other.x1) - max(one.x0, other.x0) > 1
        and min(one.y1, other.y1) - max(one.y0, other.y0) > 1
        and not (a.get_rotation() == b.get_rotation() == 45)
    ]
