"""The figures of one run, and the style that they share with the reports. No pyplot: any thread can draw them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from ablate.training.events import Row

STYLE = {
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "svg.hashsalt": "ablate",
    "svg.fonttype": "none",
    "figure.dpi": 100,
}

ROWS = ("noisy", "clean", "denoised", "error")


def show_image(axes: Axes, image_CHW: NDArray[np.floating], *, error: bool = False) -> None:
    """Draw one image without ticks: values from 0 to 1 in grey, or an error from -0.5 (blue) to 0.5 (red)."""
    colours, low, high = ("RdBu_r", -0.5, 0.5) if error else ("gray", 0, 1)
    axes.imshow(image_CHW.astype(np.float32).mean(axis=0), interpolation="nearest", cmap=colours, vmin=low, vmax=high)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)


def sample_picture(scenes: Mapping[str, NDArray[np.floating]], count: int = 6) -> Figure:
    """Draw the first scenes in four rows (noisy, clean, denoised, error), as the last figure of the notebook does.

    `scenes` has `noisy`, `clean` and `denoised`, each (scenes, C, H, W).
    """
    images = {**scenes, "error": scenes["denoised"].astype(np.float32) - scenes["clean"].astype(np.float32)}
    columns = min(count, len(scenes["noisy"]))
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(1.3 * columns, 1.35 * len(ROWS)), layout="constrained")
        grid = figure.subplots(len(ROWS), columns, squeeze=False)
        for name, row in zip(ROWS, grid, strict=True):
            row[0].set_ylabel(name)
            for index, axes in enumerate(row):
                show_image(axes, images[name][index], error=name == "error")
        figure.suptitle("error: red too bright, blue too dark (±0.5)", fontsize=8)
    return figure


def curves_picture(rows: Sequence[Row]) -> Figure:
    """Draw a run's training loss and validation PSNR by epoch."""
    epochs = [row["epoch"] for row in rows]
    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(8, 3), layout="constrained")
        loss, quality = figure.subplots(1, 2)
        loss.semilogy(epochs, [row["train/loss"] for row in rows], marker=".")
        loss.set(xlabel="epoch", ylabel="training loss")
        loss.xaxis.set_major_locator(MaxNLocator(integer=True))
        quality.plot(epochs, [row["val/psnr"] for row in rows], marker=".")
        quality.set(xlabel="epoch", ylabel="validation PSNR (dB)")
        quality.xaxis.set_major_locator(MaxNLocator(integer=True))
    return figure
