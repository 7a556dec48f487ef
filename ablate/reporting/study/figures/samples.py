"""Sample pictures: the output and the error of each arm on the same scenes, with all errors on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.markup.numbers import format_fixed
from ablate.reporting.markup.style import make_figure, report_style, wrap_name
from ablate.reporting.study.model import Page
from ablate.reporting.study.sections import SectionTitle

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

PAIR, GAP, HEADING = 2.2, 0.28, 0.25
"""In widths of an image: from one pair to the next, the space below a row, and the headings above a row of scenes."""
ERROR_COLOURS = "RdBu_r"
SCALES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
WHITE, WHITE_OF_SCENES = 1.0, 0.6
"""The value that is drawn white. Scenes are dark: few of their pixels are brighter than that."""
WORDS = ("best", "median", "worst")


@dataclass(frozen=True)
class SampleRow:
    """One row of pictures: for each scene a pair of images (C, H, W), with a text below each.

    A scene's own row has `(noisy, clean)`, and `headings` that say which scene it is; an arm's has `(output, error)`.
    All images of a row are of one size.
    """

    label: str
    pairs: list[tuple[NDArray[np.floating], NDArray[np.floating]]]
    texts: list[tuple[str, str]]
    headings: list[str]

    @property
    def height(self) -> float:
        """The height of its images, in widths of an image."""
        _, height, width = self.pairs[0][0].shape
        return float(height / width)

    @property
    def above(self) -> float:
        """The space for its headings, in widths of an image."""
        return HEADING if self.headings else 0.0


def sample_rows(page: Page) -> Iterator[SampleRow]:
    """The scenes, once for each task, each followed by the arms that were trained on it."""
    shown: NDArray[np.floating] | None = None
    for row in page.rows:
        scenes = page.data.scenes.get(row.name)
        if scenes is None:
            continue
        noisy, clean, denoised = (scenes[kind].astype(np.float32) for kind in ("noisy", "clean", "denoised"))
        if shown is None or not np.array_equal(shown, noisy):
            headings = [f"{word}: scene {index}" for word, index in zip(WORDS, scenes["index"], strict=False)]
            yield SampleRow("test scenes", list(zip(noisy, clean, strict=True)), [("noisy", "clean")] * 3, headings)
            shown = noisy
        texts = [(_psnr(mse), "error") for mse in scenes["mse"].tolist()]
        yield SampleRow(row.name, list(zip(denoised, denoised - clean, strict=True)), texts, [])


def _psnr(mse: float) -> str:
    return f"{format_fixed(-10 * np.log10(mse), 1)} dB" if mse > 0 else "∞ dB"


def error_scale(rows: list[SampleRow]) -> float:
    """The scale of all errors: the smallest of `SCALES` that holds all but a hundredth of them."""
    errors = [np.abs(pair[1]).ravel() for row in rows if not row.headings for pair in row.pairs]
    if not errors:
        return SCALES[-1]
    limit = np.quantile(np.nan_to_num(np.concatenate(errors), nan=1.0), 0.99)
    return next((scale for scale in SCALES if limit <= scale), SCALES[-1])


def samples_figure(page: Page) -> Figure | None:
    """Draw a row per arm below the scenes: for each scene, the arm's output and its error."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import Normalize

    rows = list(sample_rows(page))
    if not rows:
        return None
    scale, columns = error_scale(rows), max(len(row.pairs) for row in rows)
    with report_style():
        tops = np.cumsum([0, *(row.above + row.height + GAP for row in rows)]).tolist()
        figure = make_figure(1.0 + 0.9 * tops[-1])
        axes = figure.subplots()  # shared by all images: the layout of axes for each would take twenty seconds
        for top, row in zip(tops, rows, strict=False):
            _draw_row(axes, row, top, scale, _white(page))
        axes.set(xlim=(0, PAIR * columns), ylim=(tops[-1], 0), aspect="equal", xticks=[])
        middles = [top + row.above + row.height / 2 for top, row in zip(tops, rows, strict=False)]
        axes.set_yticks(middles, [wrap_name(row.label, 18) for row in rows])
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        errors = ScalarMappable(Normalize(-scale, scale), ERROR_COLOURS)
        bar = figure.colorbar(errors, ax=axes, location="bottom", shrink=0.5, aspect=30, pad=0.01)
        bar.set_label("error: blue too dark, red too bright")
    return figure


def _white(page: Page) -> float:
    """The value that is drawn white in all images of a page."""
    sources = {arm.settings.data.source for arm in page.study.arms}
    return WHITE_OF_SCENES if sources == {"scenes"} else WHITE


def _draw_row(axes: Axes, row: SampleRow, top: float, scale: float, white: float) -> None:
    """A row of pairs, its texts below, its headings above."""
    bottom = top + row.above + row.height
    for scene, (pair, texts) in enumerate(zip(row.pairs, row.texts, strict=False)):
        for part, (image, text) in enumerate(zip(pair, texts, strict=True)):
            left = PAIR * scene + 1.04 * part
            colours, low, high = (ERROR_COLOURS, -scale, scale) if text == "error" else ("gray", 0, white)
            place = (left, left + 1, bottom, bottom - row.height)
            axes.imshow(image.mean(axis=0), colours, vmin=low, vmax=high, extent=place, interpolation="none")
            axes.text(left, bottom + 0.04, text, va="top", fontsize=7.5)
    for scene, heading in enumerate(row.headings):
        axes.text(PAIR * scene, top + row.above - 0.05, heading, va="bottom")


FIGURE = ReportFigure[Page](
    name="samples",
    section=SectionTitle.SAMPLES,
    alternative=lambda page: (
        "The best, the median and the worst of the recorded test scenes, with each arm's output and error"
    ),
    caption=lambda page: (
        "The scenes with the reference's lowest, median and highest error (a mean over its seeds), among those whose "
        f"outputs are recorded. Each arm is shown by the network of seed {page.design.seeds[0]}: its output with the "
        f"PSNR, and its error. All errors share one scale, and all images another (black 0, white {_white(page):g})."
    ),
    draw=samples_figure,
)
