"""The figures of a report. What they show is computed by tested functions; the drawing computes nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from ablate.pictures import STYLE, save, show_image
from ablate.report.data import Data
from ablate.report.model import Page, number

# Okabe and Ito (2008): told apart by colour-blind readers; black is kept for references
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C564B")


def draw_all(page: Page, data: Data, folder: Path) -> None:
    """Draw every figure of a page into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    colours = arm_colours(page)
    save(differences_figure(page, colours), folder / "differences.svg")
    save(curves_figure(page, learning_curves(data.epochs), colours), folder / "curves.svg")
    save(samples_figure(page, data), folder / "samples.svg")


def arm_colours(page: Page) -> dict[str, str]:
    """The same arm the same colour in every figure: references black, the others in the order of the study."""
    compared = [row.name for row in page.rows if row.comparison]
    colours = {name: COLOURS[index % len(COLOURS)] for index, name in enumerate(compared)}
    return {row.name: colours.get(row.name, "black") for row in page.rows}


@dataclass(frozen=True)
class DifferenceBar:
    """One arm of the differences figure: each seed's difference, the mean and its interval (None where infinite)."""

    arm: str
    seeds: list[float]
    mean: float
    interval: tuple[float, float] | None
    verdict: str


def difference_bars(page: Page) -> list[DifferenceBar]:
    """What the differences figure shows, up is good."""
    bars = []
    for row in page.rows:
        if not row.comparison or not row.comparison.pairs:
            continue
        low, high = row.comparison.low, row.comparison.high
        seeds = page.metric.sign * (page.scores[row.name] - page.scores[row.against]).dropna()
        interval = (low, high) if math.isfinite(low) else None
        bars.append(
            DifferenceBar(row.name, seeds.tolist(), row.comparison.difference, interval, row.comparison.verdict)
        )
    return bars


def differences_figure(page: Page, colours: dict[str, str]) -> Figure:
    """Each arm's difference from its reference, with its interval, every seed, and the margin."""
    bars = difference_bars(page)
    unit = f" ({page.metric.unit})" if page.metric.unit else ""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 1.1 + 0.42 * len(bars)), layout="constrained")
        axes = figure.subplots()
        axes.axvspan(-page.study.margin, page.study.margin, color="0.9", label=f"margin ±{page.study.margin:g}")
        axes.axvline(0, color="0.5", linewidth=0.8)
        for height, bar in enumerate(bars):
            if bar.interval:
                axes.plot(bar.interval, [height, height], color=colours[bar.arm], linewidth=2)
            axes.plot(bar.seeds, [height + 0.22] * len(bar.seeds), "|", color=colours[bar.arm], alpha=0.7, markersize=6)
            axes.plot(bar.mean, height, "o", color=colours[bar.arm], markersize=6)
            axes.annotate(
                bar.verdict, (1.01, height), xycoords=("axes fraction", "data"), va="center", color=colours[bar.arm]
            )
        axes.set_yticks(range(len(bars)), [bar.arm for bar in bars])
        axes.set_ylim(len(bars) - 0.4, -0.6)
        axes.set_xlabel(f"difference in {page.metric.name}{unit}, right is better; interval at {page.level:.1%} each")
        axes.legend(loc="lower left", bbox_to_anchor=(0, 1), frameon=False, fontsize=8)
    return figure


def learning_curves(epochs: pd.DataFrame, metric: str = "val/psnr") -> pd.DataFrame:
    """Mean, lowest and highest value over the seeds, by arm and epoch: columns `mean`, `min`, `max`.

    An arm's curve ends where its first run does: beyond, a mean over the runs that did not diverge would flatter it.
    """
    if epochs.empty:
        return pd.DataFrame(columns=["arm", "epoch", "mean", "min", "max"])
    curves = epochs.groupby(["arm", "epoch"], sort=False)[metric].agg(["mean", "min", "max", "count"]).reset_index()
    runs = epochs.groupby("arm").seed.nunique()
    return curves[curves["count"] == curves.arm.map(runs)].drop(columns="count").reset_index(drop=True)


def curves_figure(page: Page, curves: pd.DataFrame, colours: dict[str, str]) -> Figure:
    """Validation PSNR by epoch: the mean over seeds, and the range from the lowest to the highest seed."""
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(7, 4), layout="constrained")
        axes = figure.subplots()
        for row in page.rows:
            curve = curves[curves.arm == row.name]
            if curve.empty:
                continue
            style = "-" if row.comparison else "--"
            axes.plot(curve.epoch, curve["mean"], style, color=colours[row.name], label=row.name, linewidth=1.6)
            axes.fill_between(curve.epoch, curve["min"], curve["max"], color=colours[row.name], alpha=0.12, linewidth=0)
        axes.set(xlabel="epoch", ylabel="validation PSNR (dB)")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        if axes.lines:
            axes.legend(frameon=False, fontsize=8, loc="lower right")
    return figure


@dataclass(frozen=True)
class SampleRow:
    """One row of pictures: per scene a pair, `(noisy, clean)` or `(output, error)`, each image (C, H, W)."""

    label: str
    pairs: list[tuple[np.ndarray, np.ndarray]]
    titles: tuple[str, str]


def sample_rows(page: Page, data: Data) -> Iterator[SampleRow]:
    """The scenes, once for each task, each followed by the arms that were trained on it."""
    shown: np.ndarray | None = None
    for row in page.rows:
        scenes = data.scenes.get(row.name)
        if scenes is None:
            continue
        noisy, clean, denoised = (scenes[kind].astype(np.float32) for kind in ("noisy", "clean", "denoised"))
        if shown is None or not np.array_equal(shown, noisy):
            yield SampleRow("test scenes", list(zip(noisy, clean, strict=True)), ("noisy", "clean"))
            shown = noisy
        score = f"{number(row.mean, page.metric)} {page.metric.unit}".strip()
        pairs = list(zip(denoised, denoised - clean, strict=True))
        yield SampleRow(f"{row.name}\n{score}", pairs, ("output", "error"))


def samples_figure(page: Page, data: Data) -> Figure:
    """One row an arm: for each scene its output and its error, under the scenes themselves."""
    rows = list(sample_rows(page, data))
    columns = 2 * max((len(row.pairs) for row in rows), default=1)
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.05 * columns + 1.2, 1.12 * max(1, len(rows))), layout="constrained")
        grid = figure.subplots(max(1, len(rows)), columns, squeeze=False)
        titled: set[tuple[str, str]] = set()
        for row, line in zip(rows, grid, strict=False):
            for index, axes in enumerate(line):
                show_image(axes, row.pairs[index // 2][index % 2], error=row.titles[index % 2] == "error")
                if row.titles not in titled:
                    axes.set_title(row.titles[index % 2], fontsize=8)
            titled.add(row.titles)
            line[0].set_ylabel(row.label, rotation=0, ha="right", va="center", fontsize=8)
    return figure
