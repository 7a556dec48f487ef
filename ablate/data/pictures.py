"""Crops of the pictures in a folder: the clean target, under a noise, or with the noisy picture that is its partner.

The pictures are divided by file: no file has crops on both sides. Training crops are a function of (seed, epoch,
index), so arms with the same seed train on the same crops; validation and test crops are the same for all seeds, and
are taken from the files in turn.

Shapes: B crops, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ablate.data.kept import facts_of, listed, pixels_of
from ablate.data.noise import add_noise
from ablate.data.task import Images, Split, Task
from ablate.images.files import type_range
from ablate.images.folders import SPLITS, Entry
from ablate.settings import DataConfig

if TYPE_CHECKING:
    from numpy.typing import NDArray

GEOMETRY = (0,)
"""The key of the generators that place crops: not those of a channel (`Images.channel_generators`)."""


class Pictures:
    """The source of pictures (see `sources.Source`)."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.files = divide(listed(task.data), task.data.split)

    def pairs(self, images: Images) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `sources.Source`."""
        data, files = self.task.data, self.files[images.split]
        shape = (images.count, self.task.channels, *self.task.image_size)
        clean_BCHW, noisy_BCHW = np.empty(shape, np.float32), np.empty(shape, np.float32)
        for b, (index, rng) in enumerate(zip(images.indices, images.generators(*GEOMETRY), strict=True)):
            u = rng.random(6)  # all of them in any case, so that no setting changes what the others draw
            file = files[int(u[0] * len(files)) if images.split == "train" else index % len(files)]
            changes = (data.flips and u[3] < 0.5, int(u[4] * 4) if data.turns else 0)
            turn = changes if images.split == "train" else (False, 0)
            clean_BCHW[b] = self._crop(file.clean, u[1:3], turn)
            noisy_BCHW[b] = self._crop(file.noisy, u[1:3], turn) if file.noisy else clean_BCHW[b]
        return add_noise(noisy_BCHW, images.channel_generators(self.task.channels), data), clean_BCHW

    def constant(self) -> NDArray[np.float32]:
        """See `sources.Source`: the mean of the training files."""
        facts = [facts_of(file.clean) for file in self.files["train"]]
        sizes = [fact.height * fact.width for fact in facts]
        low, high = zip(*(limits_of(self.task, fact.dtype) for fact in facts), strict=True)
        low_F1, high_F1 = np.array(low)[:, None], np.array(high)[:, None]
        means_FC = (np.array([fact.mean for fact in facts]) - low_F1) / (high_F1 - low_F1)
        return np.average(means_FC, axis=0, weights=sizes).astype(np.float32)

    def files_of(self, split: Split) -> int | None:
        """See `sources.Source`."""
        return len(self.files[split])

    def _crop(self, digest: str, u: NDArray[np.float64], turn: tuple[bool, int]) -> NDArray[np.float32]:
        """A crop (C, H, W) at a place given by two uniform numbers, scaled so that the range is 0 to 1, and turned."""
        pixels_HWC: NDArray[Any] = pixels_of(digest)
        height, width = self.task.image_size
        top = int(u[0] * (pixels_HWC.shape[0] - height + 1))
        left = int(u[1] * (pixels_HWC.shape[1] - width + 1))
        low, high = limits_of(self.task, pixels_HWC.dtype.name)
        crop_CHW = np.moveaxis(pixels_HWC[top : top + height, left : left + width], -1, 0).astype(np.float64)
        flip, quarters = turn
        if height != width:
            quarters -= quarters % 2
        turned = np.rot90(crop_CHW[:, :, ::-1] if flip else crop_CHW, quarters, axes=(1, 2))
        return ((turned - low) / (high - low)).astype(np.float32)


def limits_of(task: Task, dtype: str) -> tuple[float, float]:
    """The pixel values that become 0 and 1."""
    return type_range(np.dtype(dtype)) if task.data.range == "type" else task.data.range


def count_files(data: DataConfig) -> dict[Split, int]:
    """The number of files of each split."""
    return {split: len(files) for split, files in divide(listed(data), data.split).items()}


def divide(files: Sequence[Entry], fractions: tuple[float, float, float]) -> dict[Split, list[Entry]]:
    """The files of each split: those of its folder, or else a fraction of all, in the order of their hashes.

    Each split gets at least one file of three or more. Since hashes are as good as random, so is the division.
    """
    if files[0].part:
        return {split: [file for file in files if file.part == split] for split in SPLITS}
    validation, test = (max(1, round(fraction * len(files))) for fraction in fractions[1:])
    while validation + test >= len(files):
        validation, test = (validation - 1, test) if validation > test else (validation, test - 1)
    train = len(files) - validation - test
    parts = (files[:train], files[train : train + validation], files[train + validation :])
    return {split: list(part) for split, part in zip(SPLITS, parts, strict=True)}
