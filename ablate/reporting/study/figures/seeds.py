"""The score of every seed, which the means hide."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import cycle
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import format_fixed, metric_label, unit_suffix
from ablate.reporting.markup.style import label_rows, make_figure, report_style, row_places
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.references import lines
from ablate.reporting.study.sections import SectionTitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEGEND_COLUMNS = 3

DASHES = ((1, 1), (4, 1), (4, 1, 1, 1), (1, 3), (8, 2), (8, 2, 1, 2))
"""Dash patterns of the lines, in the order of the reference points."""


@dataclass(frozen=True)
class SeedRow:
    """One arm of the figure: the scores of its good runs and of its bad ones, and its mean (see `Level`)."""

    arm: str
    good_scores: list[float]
    bad_scores: list[float]
    mean: float


def seed_rows(page: Page) -> list[SeedRow]:
    """The rows of the figure: the arms with a run that has a score."""
    rows = []
    for row in page.rows:
        scores, bad = page.scores[row.name].dropna(), page.diverged[row.name] | page.useless[row.name]
        if len(scores):
            good_scores, bad_scores = (scores[mask.loc[scores.index]].tolist() for mask in (~bad, bad))
            rows.append(SeedRow(row.name, good_scores, bad_scores, row.level.mean))
    return rows


def shown_lines(page: Page) -> dict[str, float]:
    """The reference points that are drawn: those not further from the arms' scores than these are from each other."""
    scores = [score for row in seed_rows(page) for score in (*row.good_scores, *row.bad_scores)]
    if not scores:
        return {}
    low, high = min(scores), max(scores)
    return {title: x for title, x in lines(page).items() if 2 * low - high <= x <= 2 * high - low}


def _caption(page: Page) -> str:
    drawn, everything = shown_lines(page), lines(page)
    unit = unit_suffix(page.metric)
    texts = [
        f"{title} {format_fixed(x, page.metric.digits)}{unit}" for title, x in everything.items() if title not in drawn
    ]
    dotted = "; vertical lines: reference points" if drawn else ""
    outside = f" Beyond the scale: {'; '.join(texts)}." if texts else ""
    return f"Mark: a run; cross: a bad run; bar: the mean of the arm{dotted}.{outside}"


def seeds_figure(page: Page) -> Figure | None:
    """Draw one arm per row: a mark per seed, a bar for the mean."""
    rows = seed_rows(page)
    if not rows:
        return None
    names = [row.arm for row in rows]
    styles, drawn = arm_styles(page), shown_lines(page)
    with report_style():
        places = row_places(names)
        figure = make_figure(0.7 + places[-1] + 0.19 * -(-len(drawn) // LEGEND_COLUMNS))
        axes = figure.subplots()
        for height, row in zip(places, rows, strict=False):
            style = styles[row.arm]
            good, bad = row.good_scores, row.bad_scores
            axes.plot(good, [height] * len(good), style.marker, color=style.colour, alpha=0.6, markersize=6)
            axes.plot(bad, [height] * len(bad), "x", color=style.colour, markersize=8, mew=2)
            axes.plot([row.mean] * 2, [height - 0.13, height + 0.13], color=style.colour, linewidth=2)
        for (title, x), dashes in zip(drawn.items(), cycle(DASHES)):  # the styles repeat
            axes.axvline(x, color="0.35", linewidth=1.2, linestyle=(0, dashes), label=title, zorder=1)
        if drawn:
            figure.legend(loc="outside lower left", ncols=LEGEND_COLUMNS, frameon=False)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        label_rows(axes, names, places)
        better = "right" if page.metric.higher_is_better else "left"
        axes.set_xlabel(f"{metric_label(page.metric)}; {better} is better")
    return figure


FIGURE = ReportFigure[Page](
    name="seeds",
    section=SectionTitle.SEEDS,
    alternative=lambda page: f"{page.metric.name} of every run, a row per arm",
    caption=_caption,
    draw=seeds_figure,
)
