"""Learning curves: the mean over seeds, and the range from the lowest to the highest seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import metric_label
from ablate.reporting.markup.style import make_panels, report_style, title_width, use_integer_ticks, wrap_name
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle
from ablate.reporting.study.texts import seeds_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 3


def learning_curves(epochs: pd.DataFrame, metric: str = "val/psnr") -> pd.DataFrame:
    """Mean, lowest and highest value over the seeds, by arm and epoch: columns `mean`, `min`, `max`.

    An arm's curve ends where the first of its runs ended: a mean over those that did not diverge would flatter it.
    An arm with a run that was recorded without this metric has no curve.
    """
    if epochs.empty or metric not in epochs.columns:
        return pd.DataFrame(columns=["arm", "epoch", "mean", "min", "max"])
    curves = epochs.groupby(["arm", "epoch"], sort=False)[metric].agg(["mean", "min", "max", "count"]).reset_index()
    runs = epochs.groupby("arm").seed.nunique()
    return curves[curves["count"] == curves.arm.map(runs)].drop(columns="count").reset_index(drop=True)


def curve_limits(curves: pd.DataFrame) -> tuple[float, float]:
    """The limits of the y axis: without the lowest twentieth and the highest hundredth, which could hide the rest."""
    low, high = np.nanpercentile(curves[["min", "max"]].to_numpy(float), [5, 99])
    return float(low - 0.05 * (high - low)), float(high + 0.1 * (high - low) + 1e-9)


def curves_figure(page: Page) -> Figure | None:
    """Draw a panel per arm, each with its reference's mean in black, all on one scale."""
    metric, epochs = page.metric.followed, page.data.epochs
    epochs = epochs[epochs.arm.isin([row.name for row in page.rows]) & epochs.run.isin(page.used_runs)]
    epochs = epochs[epochs.seed.isin(page.design.level_seeds)]
    curves = {str(arm): part for arm, part in learning_curves(epochs, metric.name).groupby("arm", sort=False)}
    rows = [row for row in page.rows if row.name in curves]
    if not rows:
        return None
    columns = min(COLUMNS, len(rows))
    styles = arm_styles(page)
    with report_style():
        figure, grid = make_panels(len(rows), columns, 1.75, 0.5, sharex=True)
        for axes, row in zip(grid, rows, strict=True):
            curve, colour = curves[row.name], styles[row.name].colour
            if row.against and row.against in curves:
                axes.plot(curves[row.against].epoch, curves[row.against]["mean"], color="black", linewidth=0.8)
            axes.fill_between(curve.epoch, curve["min"], curve["max"], color=colour, alpha=0.25, linewidth=0)
            axes.plot(curve.epoch, curve["mean"], color=colour, linewidth=1.8)
            axes.set_title(wrap_name(row.name, title_width(columns)), fontsize=9)
        grid[0].set_ylim(curve_limits(pd.concat(list(curves.values()))))
        use_integer_ticks(grid[0].xaxis, most=5)
        figure.supxlabel("epoch", fontsize=9)
        figure.supylabel(metric_label(metric), fontsize=9)
    return figure


FIGURE = ReportFigure[Page](
    name="curves",
    section=SectionTitle.CURVES,
    alternative=lambda page: f"{page.metric.followed.name} by epoch, a panel per arm",
    caption=lambda page: (
        f"{page.metric.followed.name}: the mean over the {seeds_text(page)}, and the range from the lowest to the "
        "highest; black: the reference's mean. A curve ends where the first of the arm's runs ended."
    ),
    draw=curves_figure,
)
