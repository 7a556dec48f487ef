"""Learning curves: the mean over seeds, and the range from the lowest to the highest seed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ablate.metrics import METRICS, Metric
from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import named
from ablate.reporting.markup.style import fitted, panels, report_style
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

COLUMNS = 3


def curve_metric(page: Page) -> Metric:
    """What is followed: the validation score that corresponds to the study's metric."""
    return page.metric.validation or METRICS["val/psnr"]  # the gain is a PSNR, less a number that is always the same


def learning_curves(epochs: pd.DataFrame, metric: str = "val/psnr") -> pd.DataFrame:
    """Mean, lowest and highest value over the seeds, by arm and epoch: columns `mean`, `min`, `max`.

    An arm's curve ends where its first run does: beyond, a mean over the runs that did not diverge would flatter it.
    An arm with a run that was recorded without this metric has no curve.
    """
    if epochs.empty or metric not in epochs.columns:
        return pd.DataFrame(columns=["arm", "epoch", "mean", "min", "max"])
    curves = epochs.groupby(["arm", "epoch"], sort=False)[metric].agg(["mean", "min", "max", "count"]).reset_index()
    runs = epochs.groupby("arm").seed.nunique()
    return curves[curves["count"] == curves.arm.map(runs)].drop(columns="count").reset_index(drop=True)


def curve_limits(curves: pd.DataFrame) -> tuple[float, float]:
    """The scale on which learning is seen: without the lowest twentieth and the highest hundredth of the values."""
    low, high = np.nanpercentile(curves[["min", "max"]].to_numpy(float), [5, 99])
    return float(low - 0.05 * (high - low)), float(high + 0.1 * (high - low) + 1e-9)


def curves_figure(page: Page) -> Figure | None:
    """A panel per arm, each with its reference's mean in black beside it, all on one scale."""
    metric, epochs = curve_metric(page), page.data.epochs[page.data.epochs.run.isin(page.used)]
    curves = {str(arm): part for arm, part in learning_curves(epochs, metric.name).groupby("arm", sort=False)}
    shown = [row for row in page.rows if row.name in curves]
    if not shown:
        return None
    columns = min(COLUMNS, len(shown))
    styles = arm_styles(page)
    with report_style():
        figure, grid = panels(len(shown), columns, 1.75, 0.5, sharex=True)
        for axes, row in zip(grid, shown, strict=True):
            curve, colour = curves[row.name], styles[row.name].colour
            if row.against and row.against in curves:
                axes.plot(curves[row.against].epoch, curves[row.against]["mean"], color="black", linewidth=0.8)
            axes.fill_between(curve.epoch, curve["min"], curve["max"], color=colour, alpha=0.25, linewidth=0)
            axes.plot(curve.epoch, curve["mean"], color=colour, linewidth=1.8)
            axes.set_title(fitted(row.name, 66 // columns), fontsize=9)
            axes.tick_params(labelbottom=True)
        grid[0].set_ylim(curve_limits(pd.concat(list(curves.values()))))
        grid[0].xaxis.set_major_locator(MaxNLocator(integer=True, nbins=5))
        figure.supxlabel("epoch", fontsize=9)
        figure.supylabel(named(metric), fontsize=9)
    return figure


FIGURE = ReportFigure[Page](
    name="curves",
    section=SectionTitle.CURVES,
    alternative=lambda page: f"{curve_metric(page).name} by epoch, a panel per arm",
    caption=lambda page: (
        f"{curve_metric(page).name}: the mean over the seeds, and the range from the lowest to the highest; black: the "
        "reference's mean. A curve ends where the arm's first run does."
    ),
    draw=curves_figure,
)
