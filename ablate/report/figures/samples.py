"""Sample pictures: the same scenes for each arm, its output and its error beside them, all errors on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from ablate.pictures import ERROR_COLOURS, show_image
from ablate.report.data import Data
from ablate.report.figures.looks import WIDTH, fitted, report_style
from ablate.report.model import Page
from ablate.report.numbers import fixed

if TYPE_CHECKING:
    from numpy.typing import NDArray

SCALES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
WHITE = 0.6
"""The value that is drawn white: scenes are dark, and few pixels are brighter."""
WORDS = ("best", "median", "worst")


@dataclass(frozen=True)
class SampleRow:
    """One row of pictures: per scene a pair, `(noisy, clean)` or `(output, error)`, each image (C, H, W).

    `notes` stand under the pairs: which scene it is, or the arm's PSNR on it.
    """

    label: str
    pairs: list[tuple[NDArray[np.floating], NDArray[np.floating]]]
    titles: tuple[str, str]
    notes: list[str]


def sample_rows(page: Page, data: Data) -> Iterator[SampleRow]:
    """The scenes, once for each task, each followed by the arms that were trained on it."""
    shown: NDArray[np.floating] | None = None
    for row in page.rows:
        scenes = data.scenes.get(row.name)
        if scenes is None:
            continue
        noisy, clean, denoised = (scenes[kind].astype(np.float32) for kind in ("noisy", "clean", "denoised"))
        if shown is None or not np.array_equal(shown, noisy):
            notes = [f"{word} (scene {index})" for word, index in zip(WORDS, scenes["index"], strict=False)]
            yield SampleRow("test scenes", list(zip(noisy, clean, strict=True)), ("noisy", "clean"), notes)
            shown = noisy
        notes = [f"{fixed(-10 * np.log10(mse), 1)} dB" if mse > 0 else "∞ dB" for mse in scenes["mse"].tolist()]
        yield SampleRow(row.name, list(zip(denoised, denoised - clean, strict=True)), ("output", "error"), notes)


def error_scale(rows: list[SampleRow]) -> float:
    """The smallest of the round scales that holds all but a hundredth of all errors: one for the whole figure."""
    errors = [np.abs(pair[1]).ravel() for row in rows if row.titles[1] == "error" for pair in row.pairs]
    if not errors:
        return SCALES[-1]
    most = np.quantile(np.nan_to_num(np.concatenate(errors), nan=1.0), 0.99)
    return next((scale for scale in SCALES if most <= scale), SCALES[-1])


def samples_figure(page: Page, data: Data) -> Figure | None:
    """One row an arm: for each scene its output and its error, under the scenes themselves."""
    rows = list(sample_rows(page, data))
    if not rows:
        return None
    columns, scale = 2 * max(len(row.pairs) for row in rows), error_scale(rows)
    with report_style():
        figure = Figure(figsize=(WIDTH, 0.8 + 1.08 * len(rows)), layout="constrained")
        figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0.02, hspace=0.01)
        grid = figure.subplots(len(rows), columns, squeeze=False)
        titled: set[tuple[str, str]] = set()
        for row, line in zip(rows, grid, strict=True):
            _draw_row(row, list(line), scale, titled=row.titles in titled)
            titled.add(row.titles)
        errors = ScalarMappable(Normalize(-scale, scale), ERROR_COLOURS)
        bar = figure.colorbar(errors, ax=grid, location="bottom", shrink=0.4, aspect=30, pad=0.02)
        bar.set_label("error: blue too dark, red too bright")
    return figure


def _draw_row(row: SampleRow, line: list[Axes], scale: float, *, titled: bool) -> None:
    for index, axes in enumerate(line):
        scene, part = divmod(index, 2)
        if scene >= len(row.pairs):
            axes.remove()
            continue
        show_image(axes, row.pairs[scene][part], white=WHITE, error=scale if row.titles[part] == "error" else None)
        if not titled:
            axes.set_title(row.titles[part], fontsize=9)
        if part == 0:
            axes.set_xlabel(row.notes[scene], fontsize=8, loc="left", labelpad=1)
    line[0].set_ylabel(fitted(row.label, 18), rotation=0, ha="right", va="center")
