"""The tables of a grid: interactions, what each axis contributes, and the share of the variance that it explains."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from ablate.reporting.markup.document import Column, Span, Strong, Table, table
from ablate.reporting.markup.numbers import format_percent, metric_label
from ablate.reporting.study.grids import GridFacts
from ablate.reporting.study.model import Page
from ablate.reporting.study.texts import ComparisonTexts, comparison_texts
from ablate.statistics.contributions import Contribution
from ablate.statistics.interactions import Interaction
from ablate.statistics.shares import Share
from ablate.statistics.verdicts import Comparison, Verdict
from ablate.studies.names import arm_name

Row = TypeVar("Row")


def interactions_table(page: Page, grid: GridFacts) -> Table:
    """Every interaction contrast, with its interval."""

    def changes(axes: tuple[str, str], levels: tuple[object, object]) -> str:
        return arm_name(dict(zip(axes, levels, strict=True)))

    columns = [
        Column[Interaction]("changed together", lambda item: changes(item.axes, item.changed), number=False),
        Column[Interaction]("from", lambda item: changes(item.axes, item.baseline), number=False),
        Column[Interaction]("verdict", lambda item: verdict_cell(item.comparison, INTERACTS), number=False),
        *_numbers(page, "beyond the sum", lambda item: item.comparison),
    ]
    return table(f"Interactions in {metric_label(page.metric)}", columns, grid.interactions)


def contributions_table(page: Page, grid: GridFacts) -> Table:
    """What each axis contributes to the difference between all on and all off, with its interval."""
    total = sum(item.comparison.difference for item in grid.contributions)
    columns = [
        Column[Contribution]("on", lambda item: arm_name({item.axis: item.on}), number=False),
        Column[Contribution]("off", lambda item: arm_name({item.axis: item.off}), number=False),
        Column[Contribution]("verdict", lambda item: verdict_cell(item.comparison, CONTRIBUTES), number=False),
        *_numbers(page, "contributes", lambda item: item.comparison),
    ]
    if abs(total) > page.design.margin:  # else each would be a share of almost nothing
        shares = Column[Contribution]("of the total", lambda item: format_percent(item.comparison.difference / total))
        columns.insert(3, shares)
    return table(f"Contributions in {metric_label(page.metric)}", columns, grid.contributions)


def _numbers(page: Page, heading: str, comparison: Callable[[Row], Comparison]) -> list[Column[Row]]:
    """The columns of a comparison: its mean difference, under this heading, and its interval."""

    def column(heading: str, text: Callable[[ComparisonTexts], str]) -> Column[Row]:
        return Column(heading, lambda row: text(comparison_texts(comparison(row), page.metric, page.design.margin)))

    return [
        column(heading, lambda texts: texts.difference),
        column("L", lambda texts: texts.low),
        column("U", lambda texts: texts.high),
        column("level", lambda texts: texts.level),
        column("sd of differences", lambda texts: texts.sd),
    ]


INTERACTS: dict[Verdict, str] = {
    "better": "more than the sum",
    "worse": "less than the sum",
    "equivalent": "they add up",
    "undecided": "undecided",
    "waiting": "waiting",
}
CONTRIBUTES: dict[Verdict, str] = {
    "better": "helps",
    "worse": "harms",
    "equivalent": "hardly matters",
    "undecided": "undecided",
    "waiting": "waiting",
}


def verdict_cell(comparison: Comparison, words: dict[Verdict, str]) -> Span:
    """The verdict in these words, with a note if its cells have a bad run."""
    verdict = words[comparison.verdict]
    return Strong(f"{verdict} (bad runs)" if comparison.barred else verdict)


def shares_table(grid: GridFacts) -> Table:
    """The share of the variance of all scores that each axis explains."""
    rest = 1 - sum(share.omega_squared for share in grid.shares)
    rows = [*grid.shares, Share(("unexplained",), max(0.0, rest), math.nan)]
    columns = [
        Column[Share]("axis", lambda share: " × ".join(share.term), number=False),
        Column[Share]("ω²", lambda share: format_percent(share.omega_squared)),
        Column[Share]("±", lambda share: "" if math.isnan(share.error) else format_percent(share.error)),
    ]
    return table("Share of the variance of all scores", columns, rows)
