"""The notebook's scenes: cells, the clean target, under rectangles, the noise.

A scene depends only on its task, its stream and its index: each of its channels has a random generator of its own.
It does not depend on the batch size or on how many scenes are made. Arms with the same seed therefore train on the
same scenes (common random numbers), which makes their scores comparable seed by seed.

Shapes: B scenes, C channels, H height, W width.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from ablate.settings import CellConfig, DataConfig, FilledConfig, ModelConfig, NoisyConfig

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray
    from torch import Tensor

    Generators = list[np.random.Generator]

Split = Literal["train", "validation", "test"]
CHUNK = 256
"""Scenes that are painted at a time to look whether there is anything in them."""

STREAMS: dict[Split, int] = {"train": 0, "validation": 1, "test": 2}


class Task(NamedTuple):
    """Everything that a scene depends on, apart from its stream and its index."""

    data: DataConfig = DataConfig()
    image_size: tuple[int, int] = (64, 64)
    channels: int = 1

    @classmethod
    def of(cls, model: ModelConfig, data: DataConfig) -> Task:
        """The task for a network with this image size and these channels."""
        return cls(data, model.image_size, model.channels)


def make_scenes(
    count: int, seed: int = 0, *, split: Split = "train", epoch: int = 0, start: int = 0, task: Task | None = None
) -> tuple[Tensor, Tensor]:
    """Make the scenes from `start` up to `start + count` of a stream. The notebook's `gen(6)` is `make_scenes(6)`.

    Args:
        count: number of scenes.
        seed, epoch: select the stream of the split `train`; the other splits ignore them.
        split: `train`, `validation` or `test`.
        start: index of the first scene in the stream.
        task: what the scenes look like; by default the notebook's.

    Returns:
        noisy, clean: two float32 tensors (B, C, H, W), values in units of full intensity.

    >>> noisy, clean = make_scenes(2, seed=0)
    >>> tuple(noisy.shape), float(clean.min())
    ((2, 1, 64, 64), 0.0)
    """
    import torch

    noisy, clean = paint_scenes(count, seed, split=split, epoch=epoch, start=start, task=task)
    return torch.from_numpy(noisy), torch.from_numpy(clean)


def paint_scenes(
    count: int, seed: int = 0, *, split: Split = "train", epoch: int = 0, start: int = 0, task: Task | None = None
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make the same scenes as `make_scenes`, as NumPy arrays and without importing torch."""
    task = task or Task()
    stream = (STREAMS[split], seed, epoch) if split == "train" else (STREAMS[split], 0, 0)
    clean_BCHW = np.zeros((count, task.channels, *task.image_size), np.float32)
    noise_BCHW = np.zeros_like(clean_BCHW)
    for channel in range(task.channels):
        # the first channel has an empty key, so scenes with more channels begin with the scenes of a single one
        key = (channel,) if channel else ()
        seeds = [np.random.SeedSequence((*stream, index), spawn_key=key) for index in range(start, start + count)]
        rngs = [np.random.default_rng(seed) for seed in seeds]
        # the cells draw first, so the settings of the noise do not change them
        _paint_cells(rngs, task.data.cells, clean_BCHW[:, channel])
        _paint_filled(rngs, task.data.filled, noise_BCHW[:, channel])
        _paint_noisy(rngs, task.data.noisy, noise_BCHW[:, channel])
    return clean_BCHW + noise_BCHW, clean_BCHW


@lru_cache(maxsize=256)
def is_blank(task: Task, split: Split, count: int) -> bool:
    """Whether none of the first `count` clean images of a split has anything in it."""
    return not any(clean.any() for _, clean in _chunks(task, split, count))


@lru_cache(maxsize=256)
def is_noiseless(task: Task, split: Split, count: int) -> bool:
    """Whether none of the first `count` noisy images of a split differs from its clean one."""
    return all(np.array_equal(noisy, clean) for noisy, clean in _chunks(task, split, count))


def _chunks(task: Task, split: Split, count: int) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    for start in range(0, count, CHUNK):
        yield paint_scenes(min(CHUNK, count - start), split=split, start=start, task=task)


# There is one painter for each part of a scene. Painting shape by shape would take a tenth of the training time, so
# every scene draws all its uniform numbers at once, the geometry of all shapes of all scenes is computed in one step
# from them, and each shape adds only the pixels that it covers to its canvas.


def _paint_cells(rngs: Generators, config: CellConfig, canvas_BHW: NDArray[np.float32]) -> None:
    _, height, width = canvas_BHW.shape
    scene, u = _draw(rngs, config.density * height * width, 4)
    radius = np.minimum(_pick(u[0], *config.radius), min(height, width) // 2)
    top, left = _pick(u[1], 0, height - 2 * radius), _pick(u[2], 0, width - 2 * radius)
    intensity = _between(u[3], config.intensity)
    for b, r, y, x, value in zip(scene, radius.tolist(), top.tolist(), left.tolist(), intensity, strict=True):
        canvas_BHW[b, y + 1 : y + 2 * r, x + 1 : x + 2 * r] += value * _disc(r, config.peak, config.fall)


@lru_cache(maxsize=256)
def _disc(radius: int, peak: float, fall: float) -> NDArray[np.float32]:
    """A cell of intensity 1, on the smallest square that holds it. Pixels at distance `radius` are outside."""
    offset = np.arange(1 - radius, radius)
    d2 = (offset[:, None] ** 2 + offset[None, :] ** 2) / radius**2
    return np.where(d2 < 1, peak - fall * d2, 0).astype(np.float32)


def _paint_filled(rngs: Generators, config: FilledConfig, canvas_BHW: NDArray[np.float32]) -> None:
    scene, u = _draw(rngs, config.density * canvas_BHW[0].size, 6)
    upright = u[0] < 0.5
    long, short = _pick(u[1], *config.long), _pick(u[2], *config.short)
    sides = np.where(upright, long, short), np.where(upright, short, long)
    for b, part, value in zip(scene, _parts(canvas_BHW, sides, u[3:5]), _between(u[5], config.value), strict=True):
        canvas_BHW[b][part] += value


def _paint_noisy(rngs: Generators, config: NoisyConfig, canvas_BHW: NDArray[np.float32]) -> None:
    scene, u = _draw(rngs, config.density * canvas_BHW[0].size, 5)
    sides = _pick(u[0], *config.side), _pick(u[1], *config.side)
    for b, part, value in zip(scene, _parts(canvas_BHW, sides, u[2:4]), _between(u[4], config.value), strict=True):
        canvas_HW = canvas_BHW[b][part]
        canvas_HW += value * np.maximum(rngs[b].standard_normal(canvas_HW.shape, np.float32), 0)


def _draw(rngs: Generators, expected: float, numbers: int) -> tuple[list[int], NDArray[np.float64]]:
    """Draw the number of shapes of each scene from a Poisson distribution, and `numbers` uniform numbers per shape.

    Returns:
        scene: for each shape the index of its scene, in ascending order.
        u: the uniform numbers (numbers, shapes).
    """
    u_B = [rng.random((rng.poisson(expected), numbers)) for rng in rngs]
    scene = np.repeat(np.arange(len(rngs)), [len(u) for u in u_B])
    return scene.tolist(), np.concatenate(u_B).T


def _parts(
    canvas_BHW: NDArray[np.float32], sides: tuple[NDArray[np.int64], NDArray[np.int64]], u: NDArray[np.float64]
) -> Iterator[tuple[slice, slice]]:
    """Place rectangles of these heights and widths anywhere inside the canvas. Sides that are too long are clipped."""
    limits = canvas_BHW.shape[1:]
    height, width = (np.minimum(side, limit) for side, limit in zip(sides, limits, strict=True))
    top, left = _pick(u[0], 0, limits[0] - height), _pick(u[1], 0, limits[1] - width)
    for y, x, h, w in zip(top.tolist(), left.tolist(), height.tolist(), width.tolist(), strict=True):
        yield slice(y, y + h), slice(x, x + w)


def _pick(u: NDArray[np.float64], low: int, high: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Map uniform numbers in [0, 1) to integers from `low` to `high`, both included."""
    return (low + np.floor(u * (high - low + 1))).astype(np.int64)


def _between(u: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.float32]:
    """Map uniform numbers in [0, 1) to values between two limits."""
    return (limits[0] + u * (limits[1] - limits[0])).astype(np.float32)
