"""What an image depends on: its task, its stream and its index."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ablate.images.folders import SPLITS
from ablate.images.folders import Split as Split
from ablate.settings import DataConfig, ModelConfig

STREAMS: dict[Split, int] = {split: number for number, split in enumerate(SPLITS)}

Generators = list[np.random.Generator]


class Task(NamedTuple):
    """Everything that an image depends on, apart from its stream and its index."""

    data: DataConfig = DataConfig()
    image_size: tuple[int, int] = (64, 64)
    channels: int = 1

    @classmethod
    def of(cls, model: ModelConfig, data: DataConfig) -> Task:
        """The task for a network with this image size and these channels."""
        return cls(data, model.image_size, model.channels)


@dataclass(frozen=True)
class Images:
    """Some images of a split: those with the indices from `start` up to `start + count`.

    Attributes:
        seed, epoch: select the stream of the split `train`; the other splits ignore them.
    """

    split: Split
    start: int
    count: int
    seed: int = 0
    epoch: int = 0

    @property
    def indices(self) -> range:
        """The index of each image in its stream."""
        return range(self.start, self.start + self.count)

    def generators(self, *key: int) -> Generators:
        """A random generator for each image. Generators with different keys are independent of each other."""
        stream = (STREAMS[self.split], self.seed, self.epoch) if self.split == "train" else (STREAMS[self.split], 0, 0)
        seeds = [np.random.SeedSequence((*stream, index), spawn_key=key) for index in self.indices]
        return [np.random.default_rng(seed) for seed in seeds]

    def channel_generators(self, channels: int) -> list[Generators]:
        """The generators of each channel. Images with more channels begin with the images of a single one."""
        return [self.generators(*((channel,) if channel else ())) for channel in range(channels)]
