"""The tables of a grid: its interactions, and the share of the variance that each axis explains."""

from __future__ import annotations

from collections.abc import Callable

from ablate.reporting.markup.document import Column, Span, Strong, Table, table
from ablate.reporting.markup.numbers import format_percent, metric_label
from ablate.reporting.study.grids import GridFacts
from ablate.reporting.study.model import Page
from ablate.reporting.study.texts import ComparisonTexts, comparison_texts
from ablate.statistics.interactions import Interaction, Share
from ablate.studies.names import arm_name


def interactions_table(page: Page, grid: GridFacts) -> Table:
    """Every interaction contrast, with its interval."""

    def changes(axes: tuple[str, str], levels: tuple[object, object]) -> str:
        return arm_name(dict(zip(axes, levels, strict=True)))

    def of_comparison(heading: str, text: Callable[[ComparisonTexts], str]) -> Column[Interaction]:
        margin = page.study.margin
        return Column(heading, lambda item: text(comparison_texts(item.comparison, page.metric, margin)))

    columns = [
        Column[Interaction]("changed together", lambda item: changes(item.axes, item.changed), number=False),
        Column[Interaction]("from", lambda item: changes(item.axes, item.baseline), number=False),
        Column[Interaction]("verdict", lambda item: interaction_cell(item), number=False),
        of_comparison("beyond the sum", lambda texts: texts.difference),
        of_comparison("L", lambda texts: texts.low),
        of_comparison("U", lambda texts: texts.high),
        of_comparison("level", lambda texts: texts.level),
        of_comparison("sd of differences", lambda texts: texts.sd),
    ]
    return table(f"Interactions in {metric_label(page.metric)}", columns, grid.interactions)


VERDICTS = {
    "better": "more than the sum",
    "worse": "less than the sum",
    "equivalent": "they add up",
    "undecided": "undecided",
    "waiting": "waiting",
}


def interaction_cell(item: Interaction) -> Span:
    """The verdict on a contrast, with a note if a run of its cells diverged."""
    verdict = VERDICTS[item.comparison.verdict]
    return Strong(f"{verdict} (diverged)" if item.comparison.barred else verdict)


def shares_table(grid: GridFacts) -> Table:
    """The share of the variance of all scores that each axis explains."""
    rest = 1 - sum(share.omega_squared for share in grid.shares)
    rows = [*grid.shares, Share(("unexplained",), max(0.0, rest))]
    columns = [
        Column[Share]("axis", lambda share: " × ".join(share.term), number=False),
        Column[Share]("ω²", lambda share: format_percent(share.omega_squared)),
    ]
    return table("Share of the variance of all scores", columns, rows)
