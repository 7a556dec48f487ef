"""The picture of a run's outputs in MLflow, made with Pillow: matplotlib takes longer than sending all of the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = ("noisy", "clean", "denoised", "error")
TITLE = "error: red is too bright, blue too dark (±0.5)"

MIN_SIDE, GAP, LABEL_WIDTH, TITLE_HEIGHT, LETTERS = 96, 4, 76, 22, 15
"""In pixels: of an image (a smaller one is enlarged), between images, of a row's name, of the title, of letters."""


def sample_picture(scenes: Mapping[str, NDArray[np.floating]], count: int = 6) -> Image.Image:
    """Draw the first scenes in four rows (noisy, clean, denoised, error), as the last figure of the notebook does.

    Channels are averaged. Values from 0 to 1 are grey, errors from -0.5 (blue) to 0.5 (red).

    Args:
        scenes: `noisy`, `clean` and `denoised`, each (scenes, C, H, W).
        count: the highest number of scenes to draw.

    >>> scene = np.zeros((1, 1, 64, 64))
    >>> sample_picture({"noisy": scene, "clean": scene, "denoised": scene}).size
    (204, 550)
    """
    greys = {name: scenes[name][:count].astype(np.float32).mean(axis=1) for name in ROWS[:3]}
    rows = {name: _grey(images_NHW) for name, images_NHW in greys.items()}
    rows["error"] = _blue_to_red(greys["denoised"] - greys["clean"])
    columns, height, width, _ = rows["noisy"].shape
    factor = -(-MIN_SIDE // min(height, width))
    height, width = factor * height, factor * width
    size = LABEL_WIDTH + columns * (width + GAP) - GAP, TITLE_HEIGHT + len(ROWS) * (height + GAP)
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    draw.text((LABEL_WIDTH, 2), TITLE, fill="black", font_size=LETTERS)
    for row, name in enumerate(ROWS):
        top = TITLE_HEIGHT + row * (height + GAP)
        draw.text((2, top + height // 2), name, fill="black", font_size=LETTERS, anchor="lm")
        for column, image_HW3 in enumerate(rows[name]):
            enlarged = Image.fromarray(image_HW3).resize((width, height), Image.Resampling.NEAREST)
            picture.paste(enlarged, (LABEL_WIDTH + column * (width + GAP), top))
    return picture


def _grey(images_NHW: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(N, H, W), values from 0 to 1 -> (N, H, W, 3)."""
    return _bytes(np.repeat(images_NHW[..., None], 3, axis=-1))


def _blue_to_red(errors_NHW: NDArray[np.floating]) -> NDArray[np.uint8]:
    """(N, H, W), values from -0.5 to 0.5 -> (N, H, W, 3), white at 0."""
    size = 2 * errors_NHW
    return _bytes(np.stack([1 + np.minimum(size, 0), 1 - abs(size), 1 - np.maximum(size, 0)], axis=-1))


def _bytes(values: NDArray[np.floating]) -> NDArray[np.uint8]:
    return (255 * values.clip(0, 1) + 0.5).astype(np.uint8)
