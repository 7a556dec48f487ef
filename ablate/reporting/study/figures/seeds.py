"""Every seed's value: what the means hide."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import named
from ablate.reporting.markup.style import WIDTH, name_rows, report_style, row_places
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle


@dataclass(frozen=True)
class SeedRow:
    """One arm of the figure: the scores of its finished runs, of its diverged ones, and their mean."""

    arm: str
    scores: list[float]
    diverged: list[float]
    mean: float


def seed_rows(page: Page) -> list[SeedRow]:
    """What the figure shows: the arms of which a run has a score."""
    rows = []
    for row in page.rows:
        scores, diverged = page.scores[row.name].dropna(), page.diverged[row.name]
        if len(scores):
            fine, bad = (scores[chosen.loc[scores.index]].tolist() for chosen in (~diverged, diverged))
            rows.append(SeedRow(row.name, fine, bad, row.mean))
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
        figure = Figure(figsize=(WIDTH, 0.7 + places[-1]), layout="constrained")
        axes = figure.subplots()
        for height, row in zip(places, rows, strict=False):
            style = styles[row.arm]
            axes.plot(row.scores, [height] * len(row.scores), style.marker, color=style.colour, alpha=0.6, markersize=6)
            axes.plot(row.diverged, [height] * len(row.diverged), "x", color=style.colour, markersize=8, mew=2)
            axes.plot([row.mean] * 2, [height - 0.13, height + 0.13], color=style.colour, linewidth=2)
        axes.grid(axis="x", color="0.9")
        axes.set_axisbelow(True)
        name_rows(axes, names, places)
        better = "right" if page.metric.higher_is_better else "left"
        axes.set_xlabel(f"{named(page.metric)}; {better} is better")
    return figure


FIGURE = ReportFigure[Page](
    name="seeds",
    section=SectionTitle.SEEDS,
    alternative=lambda page: f"{page.metric.name} of every run, a row per arm",
    caption=lambda page: "Each mark is a run, a cross one that diverged; the bar is the mean of its arm.",
    draw=seeds_figure,
)
