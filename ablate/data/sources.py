"""The sources of images by their names, and the images of a task, whichever its source.

Shapes: B images, C channels, H height, W width.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from ablate.data.pictures import Pictures
from ablate.data.scenes import Scenes
from ablate.data.task import Images, Split, Task
from ablate.project import find_project
from ablate.variants.choices import choose

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from torch import Tensor

    Pairs = tuple[NDArray[np.float32], NDArray[np.float32]]

CHUNK = 256
"""Images that are made at a time to check whether any of them has content or noise."""


class Source(Protocol):
    """Where the images of a task come from."""

    def __init__(self, task: Task) -> None:
        """Prepare what all images of the task share."""

    def pairs(self, images: Images) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """The noisy and the clean images, each (B, C, H, W). An image does not depend on the others."""

    def constant(self) -> NDArray[np.float32]:
        """The value of each channel (C,) of the constant prediction: a network that is worse has learned nothing."""

    def files_of(self, split: Split) -> int | None:
        """How many files the images of a split are from, in turn; None if each image is independent of the others."""


SOURCES: dict[str, type[Source]] = {"scenes": Scenes, "images": Pictures}


def source_of(task: Task) -> Source:
    """The source of a task's images."""
    return _source(task, find_project())


@lru_cache(maxsize=16)
def _source(task: Task, project: Path) -> Source:
    """The same, remembered for the project, in which the arrays of pictures are kept."""
    return choose(SOURCES, task.data.source)(task)


def make_scenes(
    count: int, seed: int = 0, *, split: Split = "train", epoch: int = 0, start: int = 0, task: Task | None = None
) -> tuple[Tensor, Tensor]:
    """Make the images from `start` up to `start + count` of a stream.

    Args:
        count: number of images.
        seed, epoch: select the stream of the split `train`; the other splits ignore them.
        split: `train`, `validation` or `test`.
        start: index of the first image in the stream.
        task: where the images come from and what they look like; by default the notebook's scenes.

    Returns:
        noisy, clean: two float32 tensors (B, C, H, W), values in units of full intensity.

    >>> noisy, clean = make_scenes(2, seed=0)
    >>> tuple(noisy.shape), float(clean.min())
    ((2, 1, 64, 64), 0.0)
    """
    import torch

    noisy, clean = make_pairs(count, seed, split=split, epoch=epoch, start=start, task=task)
    return torch.from_numpy(noisy), torch.from_numpy(clean)


def make_pairs(
    count: int, seed: int = 0, *, split: Split = "train", epoch: int = 0, start: int = 0, task: Task | None = None
) -> Pairs:
    """Make the same images as `make_scenes`, as NumPy arrays and without importing torch."""
    return source_of(task or Task()).pairs(Images(split, start, count, seed, epoch))


@lru_cache(maxsize=256)
def is_blank(task: Task, split: Split, count: int) -> bool:
    """Whether none of the first `count` clean images of a split has anything in it."""
    return not any(clean.any() for _, clean in chunks(task, split, count))


@lru_cache(maxsize=256)
def is_noiseless(task: Task, split: Split, count: int) -> bool:
    """Whether none of the first `count` noisy images of a split differs from its clean one."""
    return all(np.array_equal(noisy, clean) for noisy, clean in chunks(task, split, count))


def chunks(task: Task, split: Split, count: int) -> Iterator[Pairs]:
    """The first `count` noisy and clean images of a split, some at a time."""
    for start in range(0, count, CHUNK):
        yield make_pairs(min(CHUNK, count - start), split=split, start=start, task=task)
