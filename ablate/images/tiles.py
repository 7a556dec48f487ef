"""A function of tiles of one size, applied to pictures of any size.

The tiles overlap by half, and their outputs are blended with a smooth window. The error of a network depends on where
in its tile a pixel is: it is larger at the edges, where less is seen, and has the period of the patches. On a regular
grid of tiles such errors add up to a pattern. Each tile is therefore moved by a random part of a patch.

B tiles, C channels, H height, W width, h w the sides of a tile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Predict = Callable[[NDArray[np.float32]], NDArray[np.float32]]
    Offsets = NDArray[np.int64]

BATCH = 32
"""Tiles that are given to the function at a time."""


def map_tiles(
    predict: Predict, picture_CHW: NDArray[np.float32], tile: tuple[int, int], patch: int = 1
) -> NDArray[np.float64]:
    """What a function of tiles adds to a picture of any size.

    It is the difference between output and input that is blended, so a function that changes nothing adds exactly 0.
    Along a side that is not longer than a tile there is one tile; if both are just that long, the result is that of a
    single call. Otherwise the picture is continued by reflection at its borders.

    Args:
        predict: from tiles (B, C, h, w) to tiles of the same shape.
        picture_CHW: the picture, (C, H, W).
        tile: height and width of a tile.
        patch: the period, in pixels, of the function's errors inside a tile.

    Returns:
        The difference between output and input, (C, H, W).

    >>> noisy = np.random.default_rng(0).random((1, 100, 70), np.float32)
    >>> map_tiles(lambda tiles_BChw: tiles_BChw / 2, noisy, tile=(64, 64), patch=8).shape
    (1, 100, 70)
    """
    height, width = picture_CHW.shape[1:]
    (top, bottom), (left, right) = (_margins(length, side) for length, side in zip((height, width), tile, strict=True))
    padded_CHW = np.pad(picture_CHW, ((0, 0), (top, bottom), (left, right)), mode="reflect")
    window_hw = np.outer(*(_window(side) for side in tile))
    total_CHW, weight_HW = np.zeros(padded_CHW.shape), np.zeros(padded_CHW.shape[1:])
    offsets = plan_tiles((height, width), tile, patch)
    for start in range(0, len(offsets), BATCH):
        parts = [(..., slice(y, y + tile[0]), slice(x, x + tile[1])) for y, x in offsets[start : start + BATCH]]
        tiles_BChw = np.stack([padded_CHW[part] for part in parts])
        added_BChw = predict(tiles_BChw).astype(np.float64) - tiles_BChw
        for part, added_Chw in zip(parts, added_BChw, strict=True):
            total_CHW[part] += window_hw * added_Chw
            weight_HW[part[1:]] += window_hw
    inside = (..., slice(top, top + height), slice(left, left + width))
    return total_CHW[inside] / weight_HW[inside]


def plan_tiles(size: tuple[int, int], tile: tuple[int, int], patch: int = 1) -> Offsets:
    """Where the tiles of a picture are.

    Args:
        size: height and width of the picture.
        tile: height and width of a tile.
        patch: tiles are moved by fewer pixels than this, and by half a tile at most, or else there could be gaps.

    Returns:
        Row and column of the first pixel of each tile, (tiles, 2), in the padded picture (see `_margins`). The same for
        each picture of this size.
    """
    rows, columns = (_grid(length, side) for length, side in zip(size, tile, strict=True))
    offsets = np.stack(np.meshgrid(rows, columns, indexing="ij"), axis=-1).reshape(-1, 2)
    reach = [min(patch, side // 2) if length > side else 1 for length, side in zip(size, tile, strict=True)]
    return offsets + np.random.default_rng(0).integers(0, reach, offsets.shape)


def _grid(length: int, side: int) -> Offsets:
    """Where tiles begin along one side, in the padded picture: each half a tile after the one before."""
    pitch = side // 2
    return np.arange(0, length + pitch, pitch) if length > side else np.zeros(1, np.int64)


def _margins(length: int, side: int) -> tuple[int, int]:
    """By how many pixels a side of a picture is continued before its first pixel, and after its last."""
    if length <= side:
        return (side - length) // 2, (side - length + 1) // 2
    return side // 2, side + side // 2


def _window(side: int) -> NDArray[np.float64]:
    """The weights of pixels along a side of a tile: Hann's window, which is 0 just outside of the tile."""
    return np.asarray(np.sin(np.pi * (np.arange(side) + 0.5) / side) ** 2)
