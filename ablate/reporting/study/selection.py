"""What figures and the terminal show of a large study: as many arms and levels as a reader can tell apart."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice

import numpy as np

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.words import join_words
from ablate.reporting.study.model import Page
from ablate.statistics.interactions import HeatMap
from ablate.statistics.verdicts import DECIDED
from ablate.studies.names import short_name

MAX_ARMS = 30
"""Arms of a figure or of a table in the terminal: more are longer than a screen, and colours repeat."""

MAX_LEVELS = 12
"""Levels of an axis of a grid: in more columns, the numbers of cells overlap."""


def limit_arms(figure: ReportFigure[Page]) -> ReportFigure[Page]:
    """The same figure with at most `MAX_ARMS` arms: those decided and the extremes first, each with its reference."""
    return _limited(figure, with_few_arms, arms_note)


def limit_levels(figure: ReportFigure[Page]) -> ReportFigure[Page]:
    """The same figure of a grid with at most `MAX_LEVELS` levels of each axis, evenly spaced."""
    return _limited(figure, with_few_levels, _levels_note)


def _limited(
    figure: ReportFigure[Page], limit: Callable[[Page], Page], note: Callable[[Page], str]
) -> ReportFigure[Page]:
    return replace(
        figure,
        alternative=lambda page: figure.alternative(limit(page)),
        caption=lambda page: f"{figure.caption(page)} {note(page)}".strip(),
        draw=lambda page: figure.draw(limit(page)),
    )


def with_few_arms(page: Page) -> Page:
    """The page with at most `MAX_ARMS` arms, in the order of the study: a figure or a terminal shows no more."""
    if len(page.rows) <= MAX_ARMS:
        return page
    kept: set[str] = set()
    for pair in _by_interest(page):
        if len(kept | pair) <= MAX_ARMS:
            kept |= pair
    return replace(
        page,
        rows=[row for row in page.rows if row.name in kept],
        tuning=[tuning for tuning in page.tuning if tuning.arm in kept],
    )


def _by_interest(page: Page) -> Iterator[set[str]]:
    """Each arm and its reference: arms that are decided, then all others, the best and the worst in turn."""
    ordered = sorted(page.compared_arms, key=lambda item: np.nan_to_num(item[1].difference))
    for decided in (True, False):
        group = deque(row for row, comparison in ordered if (comparison.verdict in DECIDED) == decided)
        for take in islice(cycle([group.pop, group.popleft]), len(group)):
            row = take()
            yield {row.name, str(row.against)}


def arms_note(page: Page) -> str:
    """A sentence that says which arms are shown; empty if all are."""
    shown, count = len(with_few_arms(page).rows), len(page.rows)
    note = f"Shown: {shown} of {count:,} arms, those decided and the extremes first. The report's tables have all arms."
    return note if shown < count else ""


def with_few_levels(page: Page) -> Page:
    """The page with the levels that a figure of its grid shows."""
    grid = page.grid
    return replace(page, grid=replace(grid, maps=list(map(_thin, grid.maps)))) if grid else page


def _thin(heat: HeatMap) -> HeatMap:
    rows, columns = (_spaced(len(levels)) for levels in (heat.rows, heat.columns))
    cells = np.ix_(rows, columns)
    return replace(
        heat,
        rows=tuple(heat.rows[row] for row in rows),
        columns=tuple(heat.columns[column] for column in columns),
        means=heat.means[cells],
        sds=heat.sds[cells],
        errors=heat.errors[cells],
        seeds=heat.seeds[cells],
    )


def _spaced(count: int) -> list[int]:
    """At most `MAX_LEVELS` of `count` indices, evenly spaced, with the first and the last."""
    indices: list[int] = np.linspace(0, count - 1, min(count, MAX_LEVELS)).round().astype(int).tolist()
    return indices


def _levels_note(page: Page) -> str:
    """A sentence that says how many levels are shown; empty if all are."""
    sizes = {axis: len(levels) for axis, levels in page.design.axes.items() if len(levels) > MAX_LEVELS}
    shown = [f"{MAX_LEVELS} of {size} levels of {short_name(axis)}" for axis, size in sizes.items()]
    return f"Shown: {join_words(shown)}." if shown else ""
