"""The score of every seed, which the means hide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.style import label_rows, make_figure, report_style, row_places
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

if TYPE_CHECKING:
    from matplotlib.figure import Figure


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


def seeds_figure(page: Page) -> Figure | None:
    """Draw one arm per row: a mark per seed, a bar for the mean."""
    rows = seed_rows(page)
    if not rows:
        return None
    names = [row.arm for row in rows]
    styles = arm_styles(page)
    with report_style():
        places = row_places(names)
        figure = make_figure(0.7 + places[-1])
        axes = figure.subplots()
        for height, row in zip(places, rows, strict=False):
            style = styles[row.arm]
            good, bad = row.good_scores, row.bad_scores
            axes.plot(good, [height] * len(good), style.marker, color=style.colour, alpha=0.6, markersize=6)
            axes.plot(bad, [height] * len(bad), "x", color=style.colour, markersize=8, mew=2)
            axes.plot([row.mean] * 2, [height - 0.13, height + 0.13], color=style.colour, linewidth=2)
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
    caption=lambda page: "Mark: a run; cross: a bad run; bar: the mean of the arm.",
    draw=seeds_figure,
)
