"""Reference points: what well-known methods reach on the test images of a task, without any training.

Each method has a grid of parameters, of which those with the lowest error on the validation images are used.
scikit-image's `calibrate_denoiser` is not used: it assumes noise that is independent in each pixel, and rectangles are
not.

Shapes: C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ablate.data.sources import chunks
from ablate.data.task import Split, Task

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Denoise = Callable[[NDArray[np.float32]], NDArray[np.floating]]

MAX_VALIDATION = 32
"""Validation images on which parameters are chosen: the first ones. All test images are used."""


class Method(NamedTuple):
    """A method and the grid of its parameters."""

    title: str
    denoise: Callable[..., NDArray[np.floating]]
    grid: Mapping[str, tuple[Any, ...]]

    def variants(self) -> Iterator[dict[str, Any]]:
        """All combinations of parameters."""
        for values in product(*self.grid.values()):
            yield dict(zip(self.grid, values, strict=True))


def _median(x_CHW: NDArray[np.float32], size: int) -> NDArray[np.floating]:
    from scipy.ndimage import median_filter

    return np.asarray(median_filter(x_CHW, size=(1, size, size), mode="reflect"))


def _nlm(x_CHW: NDArray[np.float32], h: float, patch_size: int) -> NDArray[np.floating]:
    from skimage.restoration import denoise_nl_means

    words: dict[str, Any] = {"patch_size": patch_size, "patch_distance": 7, "h": h, "fast_mode": True}
    return np.stack([denoise_nl_means(x_HW, **words) for x_HW in x_CHW])  # with a channel axis of 1 it is far off


def _tv(x_CHW: NDArray[np.float32], weight: float) -> NDArray[np.floating]:
    from skimage.restoration import denoise_tv_chambolle

    return np.asarray(denoise_tv_chambolle(x_CHW, weight=weight, channel_axis=0))


def _wavelet(x_CHW: NDArray[np.float32], sigma: float, method: str) -> NDArray[np.floating]:
    from skimage.restoration import denoise_wavelet

    return np.asarray(denoise_wavelet(x_CHW, sigma=sigma, method=method, channel_axis=0, rescale_sigma=True))


LEVELS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5)
"""Levels of noise, wide enough that the best one lies between the ends, for the scenes and for usual noise."""

METHODS: dict[str, Method] = {
    "median": Method("median filter", _median, {"size": (3, 5, 7, 9, 11, 13)}),
    "nlm": Method("non-local means", _nlm, {"h": LEVELS, "patch_size": (3, 5, 7)}),
    "tv": Method("total variation", _tv, {"weight": LEVELS}),
    "wavelet": Method("wavelets", _wavelet, {"sigma": LEVELS, "method": ("BayesShrink", "VisuShrink")}),
}


class Reference(NamedTuple):
    """What a method reaches.

    Attributes:
        parameters: those with the lowest validation error.
        mse: on the test images, pooled.
    """

    parameters: dict[str, Any]
    mse: float


def reference_points(task: Task, threads: int = 1) -> dict[str, Reference]:
    """What each method reaches on the test images of a task, whatever the number of threads."""
    validation = min(MAX_VALIDATION, task.data.validation)
    found = {}
    with ThreadPoolExecutor(threads) as pool:  # non-local means, the slowest, lets other threads run
        for name, method in METHODS.items():
            variants = list(method.variants())
            errors = [
                _mse(partial(method.denoise, **parameters), task, "validation", validation, pool)
                for parameters in variants
            ]
            best = variants[int(np.argmin(errors))]
            mse = _mse(partial(method.denoise, **best), task, "test", task.data.test, pool)
            found[name] = Reference(best, mse)
    return found


def _mse(denoise: Denoise, task: Task, split: Split, count: int, pool: Executor) -> float:
    """The error of a method on the first images of a split, pooled."""

    def error_of(noisy_CHW: NDArray[np.float32], clean_CHW: NDArray[np.float32]) -> float:
        return float(np.square(denoise(noisy_CHW) - clean_CHW, dtype=np.float64).mean())

    errors = [
        error
        for noisy_BCHW, clean_BCHW in chunks(task, split, count)
        for error in pool.map(error_of, noisy_BCHW, clean_BCHW)
    ]
    return float(np.mean(errors))
