"""The notebook's scenes: cells, the clean target, under rectangles, the noise.

Each channel of a scene has a random generator of its own. Arms with the same seed train on the same scenes (common
random numbers), which makes their scores comparable seed by seed.

Shapes: B scenes, C channels, H height, W width.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from ablate.data.noise import add_noise
from ablate.data.shapes import between, draw, pick
from ablate.data.task import Generators, Images, Split, Task
from ablate.data_settings import CellConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Scenes:
    """The source of scenes (see `sources.Source`)."""

    def __init__(self, task: Task) -> None:
        self.task = task

    def pairs(self, images: Images) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `sources.Source`."""
        task = self.task
        rngs_CB = images.channel_generators(task.channels)
        clean_BCHW = np.zeros((images.count, task.channels, *task.image_size), np.float32)
        # the cells draw first, so the settings of the noise do not change them
        for channel, rngs in enumerate(rngs_CB):
            _paint_cells(rngs, task.data.cells, clean_BCHW[:, channel])
        return add_noise(clean_BCHW, rngs_CB, task.data), clean_BCHW

    def constant(self) -> NDArray[np.float32]:
        """See `sources.Source`: zero, since most pixels of a scene are."""
        return np.zeros(self.task.channels, np.float32)

    def files_of(self, split: Split) -> int | None:
        """See `sources.Source`."""
        return None


def _paint_cells(rngs: Generators, config: CellConfig, canvas_BHW: NDArray[np.float32]) -> None:
    _, height, width = canvas_BHW.shape
    scene, u = draw(rngs, config.density * height * width, 4)
    radius = np.minimum(pick(u[0], *config.radius), min(height, width) // 2)
    top, left = pick(u[1], 0, height - 2 * radius), pick(u[2], 0, width - 2 * radius)
    intensity = between(u[3], config.intensity)
    for b, r, y, x, value in zip(scene, radius.tolist(), top.tolist(), left.tolist(), intensity, strict=True):
        canvas_BHW[b, y + 1 : y + 2 * r, x + 1 : x + 2 * r] += value * _disc(r, config.peak, config.fall)


@lru_cache(maxsize=256)
def _disc(radius: int, peak: float, fall: float) -> NDArray[np.float32]:
    """A cell of intensity 1, on the smallest square that holds it. Pixels at distance `radius` are outside."""
    offset = np.arange(1 - radius, radius)
    d2 = (offset[:, None] ** 2 + offset[None, :] ** 2) / radius**2
    return np.where(d2 < 1, peak - fall * d2, 0).astype(np.float32)
