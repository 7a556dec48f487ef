"""The noise that is added to clean images, by its name in the settings.

Shapes: B images, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ablate.data.shapes import between, draw, pick, place
from ablate.data.task import Generators
from ablate.data_settings import FilledConfig, NoisyConfig
from ablate.settings import DataConfig
from ablate.variants.choices import Variant, choose

if TYPE_CHECKING:
    from numpy.typing import NDArray

Noise = Callable[["NDArray[np.float32]", list[Generators], DataConfig], "NDArray[np.float32]"]
"""Adds noise to images (B, C, H, W), whose range is 0 to 1, with a generator for each image of each channel."""


def rectangles(x_BCHW: NDArray[np.float32], rngs_CB: list[Generators], data: DataConfig) -> NDArray[np.float32]:
    """The notebook's noise: filled and noisy rectangles, added to the image."""
    noise_BCHW = np.zeros_like(x_BCHW)
    for channel, rngs in enumerate(rngs_CB):
        _paint_filled(rngs, data.filled, noise_BCHW[:, channel])
        _paint_noisy(rngs, data.noisy, noise_BCHW[:, channel])
    return x_BCHW + noise_BCHW


def _paint_filled(rngs: Generators, config: FilledConfig, canvas_BHW: NDArray[np.float32]) -> None:
    image, u = draw(rngs, config.density * canvas_BHW[0].size, 6)
    upright = u[0] < 0.5
    long, short = pick(u[1], *config.long), pick(u[2], *config.short)
    sides = np.where(upright, long, short), np.where(upright, short, long)
    for b, part, value in zip(image, place(canvas_BHW, sides, u[3:5]), between(u[5], config.value), strict=True):
        canvas_BHW[b][part] += value


def _paint_noisy(rngs: Generators, config: NoisyConfig, canvas_BHW: NDArray[np.float32]) -> None:
    image, u = draw(rngs, config.density * canvas_BHW[0].size, 5)
    sides = pick(u[0], *config.side), pick(u[1], *config.side)
    for b, part, value in zip(image, place(canvas_BHW, sides, u[2:4]), between(u[4], config.value), strict=True):
        canvas_HW = canvas_BHW[b][part]
        canvas_HW += value * np.maximum(rngs[b].standard_normal(canvas_HW.shape, np.float32), 0)


def gaussian(x_BCHW: NDArray[np.float32], rngs_CB: list[Generators], data: DataConfig) -> NDArray[np.float32]:
    """Independent Gaussian noise of a standard deviation that each image draws, or that is the same for all."""
    sigma_B11 = _levels(rngs_CB[0], data.gaussian.sigma)[:, None, None] / np.float32(255)
    return _by_channel(x_BCHW, rngs_CB, lambda rngs, x_BHW: x_BHW + sigma_B11 * _normal(rngs, x_BHW))


def poisson(x_BCHW: NDArray[np.float32], rngs_CB: list[Generators], data: DataConfig) -> NDArray[np.float32]:
    """The photons that arrive in each pixel, divided by those of a pixel of value 1. Below 0 there are none."""
    peak_B = _levels(rngs_CB[0], data.poisson.photons)

    def arrive(rng: np.random.Generator, x_HW: NDArray[np.float32], peak: float) -> NDArray[np.float32]:
        return (rng.poisson(np.maximum(x_HW, 0) * peak) / peak).astype(np.float32)

    return _by_channel(x_BCHW, rngs_CB, lambda rngs, x_BHW: [*map(arrive, rngs, x_BHW, peak_B.tolist())])


def salt_and_pepper(x_BCHW: NDArray[np.float32], rngs_CB: list[Generators], data: DataConfig) -> NDArray[np.float32]:
    """Some pixels become 0 or 1, independently of each other."""
    share = data.salt_and_pepper.share

    def replace(rng: np.random.Generator, x_HW: NDArray[np.float32]) -> NDArray[np.float32]:
        u_HW = rng.random(x_HW.shape, np.float32)
        return np.where(u_HW < share / 2, 0, np.where(u_HW < share, 1, x_HW)).astype(np.float32)

    return _by_channel(x_BCHW, rngs_CB, lambda rngs, x_BHW: [*map(replace, rngs, x_BHW)])


def speckle(x_BCHW: NDArray[np.float32], rngs_CB: list[Generators], data: DataConfig) -> NDArray[np.float32]:
    """Each pixel is multiplied by a Gaussian number with mean 1."""
    sigma_B11 = _levels(rngs_CB[0], data.speckle.sigma)[:, None, None]
    return _by_channel(x_BCHW, rngs_CB, lambda rngs, x_BHW: x_BHW * (1 + sigma_B11 * _normal(rngs, x_BHW)))


def _by_channel(
    x_BCHW: NDArray[np.float32],
    rngs_CB: list[Generators],
    change: Callable[[Generators, NDArray[np.float32]], Sequence[NDArray[np.float32]] | NDArray[np.float32]],
) -> NDArray[np.float32]:
    """Change the images (B, H, W) of one channel after another, each with the generators of its own."""
    return np.stack([np.asarray(change(rngs, x_BCHW[:, c])) for c, rngs in enumerate(rngs_CB)], axis=1)


def _levels(rngs: Generators, level: float | tuple[float, float]) -> NDArray[np.float32]:
    """The level of each image's noise (B,)."""
    low, high = level if isinstance(level, tuple) else (level, level)
    return between(np.array([rng.random() for rng in rngs]), (low, high))


def _normal(rngs: Generators, x_BHW: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standard normal numbers for one channel (B, H, W)."""
    return np.stack([rng.standard_normal(x_BHW.shape[1:], np.float32) for rng in rngs])


NOISES: dict[str, Noise] = {
    "gaussian": gaussian,
    "poisson": poisson,
    "salt_and_pepper": salt_and_pepper,
    "speckle": speckle,
    "rectangles": rectangles,
}


def add_noise(x_BCHW: NDArray[np.float32], rngs_CB: list[Generators], data: DataConfig) -> NDArray[np.float32]:
    """Apply the noises of the settings one after another, and clip if the settings say so. `x_BCHW` stays as it is."""
    for name in data.noises:
        own = isinstance(name, Variant)  # it might change its input, which is the clean image, too
        x_BCHW = choose(NOISES, name)(x_BCHW.copy() if own else x_BCHW, rngs_CB, data)
    return np.clip(x_BCHW, 0, 1) if data.clip else x_BCHW
