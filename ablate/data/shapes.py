"""Draw shapes at random: what the cells of scenes and the rectangles of noise share.

Painting shape by shape would take a tenth of the training time, so every image draws all its uniform numbers at once,
the geometry of all shapes of all images is computed in one step from them, and each shape changes only the pixels that
it covers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from ablate.data.task import Generators

if TYPE_CHECKING:
    from numpy.typing import NDArray


def draw(rngs: Generators, expected: float, numbers: int) -> tuple[list[int], NDArray[np.float64]]:
    """Draw the number of shapes of each image from a Poisson distribution, and `numbers` uniform numbers per shape.

    Returns:
        image: for each shape the index of its image, in ascending order.
        u: the uniform numbers (numbers, shapes).
    """
    u_B = [rng.random((rng.poisson(expected), numbers)) for rng in rngs]
    image = np.repeat(np.arange(len(rngs)), [len(u) for u in u_B])
    return image.tolist(), np.concatenate(u_B).T


def place(
    canvas_BHW: NDArray[np.float32], sides: tuple[NDArray[np.int64], NDArray[np.int64]], u: NDArray[np.float64]
) -> Iterator[tuple[slice, slice]]:
    """Place rectangles of these heights and widths anywhere inside the canvas. Sides that are too long are clipped."""
    limits = canvas_BHW.shape[1:]
    height, width = (np.minimum(side, limit) for side, limit in zip(sides, limits, strict=True))
    top, left = pick(u[0], 0, limits[0] - height), pick(u[1], 0, limits[1] - width)
    for y, x, h, w in zip(top.tolist(), left.tolist(), height.tolist(), width.tolist(), strict=True):
        yield slice(y, y + h), slice(x, x + w)


def pick(u: NDArray[np.float64], low: int, high: int | NDArray[np.int64]) -> NDArray[np.int64]:
    """Map uniform numbers in [0, 1) to integers from `low` to `high`, both included."""
    return (low + np.floor(u * (high - low + 1))).astype(np.int64)


def between(u: NDArray[np.float64], limits: tuple[float, float]) -> NDArray[np.float32]:
    """Map uniform numbers in [0, 1) to values between two limits."""
    return (limits[0] + u * (limits[1] - limits[0])).astype(np.float32)
