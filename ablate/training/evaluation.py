"""Score a denoiser on a fixed set of scenes."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from ablate.data.sources import make_scenes, source_of
from ablate.data.task import Split, Task
from ablate.metrics import SCORES, squared_error

BATCH = 32
"""Scenes per batch. So few fit into the processor's cache: SSIM is several times as fast as with 256."""

MAX_KEPT = 2**28
"""Bytes of a set of scenes up to which it is kept in memory for the next evaluation, and not painted again."""

Predict = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Evaluation:
    """The scores of a set by their short names (`psnr`), and the MSE of each image (N,)."""

    scores: dict[str, float]
    image_mse: Tensor


@torch.no_grad()
def evaluate(predict: Predict, task: Task, split: Split, count: int, device: str = "cpu") -> Evaluation:
    """Score a function from noisy to denoised images on the first `count` scenes of a split.

    >>> evaluate(lambda noisy: noisy, Task(), "validation", 4).image_mse.shape
    torch.Size([4])
    """
    parts: dict[Callable[[Tensor, Tensor], Tensor], list[Tensor]]
    parts = {score.of_images: [] for score in SCORES if score.of_images}  # PSNR and MSE share one
    for noisy_BCHW, clean_BCHW in _batches(task, split, count, device):
        denoised_BCHW = predict(noisy_BCHW)
        for of_images, found in parts.items():
            found.append(of_images(denoised_BCHW, clean_BCHW))
    images = {of_images: torch.cat(found).cpu() for of_images, found in parts.items()}
    means = {of_images: float(values.mean(dtype=torch.float64)) for of_images, values in images.items()}
    scores = {score.name: score.of_mean(means[score.of_images]) for score in SCORES if score.of_images}
    return Evaluation(scores, images[squared_error])


def score_baselines(task: Task, count: int) -> dict[str, float]:
    """The test scores of doing nothing (the output is the input) and of a constant prediction, by their full names."""
    nothing = score_nothing(task, count)
    return {**prefix_names("nothing", nothing, nothing), **prefix_names("zero", _score_zero(task, count), nothing)}


@lru_cache(maxsize=16)
def score_nothing(task: Task, count: int) -> Mapping[str, float]:
    """The test scores of doing nothing, by their short names."""
    return evaluate(lambda noisy: noisy, task, "test", count).scores


@lru_cache(maxsize=16)
def _score_zero(task: Task, count: int) -> Mapping[str, float]:
    constant_C11 = torch.from_numpy(source_of(task).constant())[:, None, None]
    return evaluate(lambda noisy: torch.zeros_like(noisy) + constant_C11, task, "test", count).scores


def standard_error(image_mse: Tensor, files: int | None) -> float:
    """The standard error of the mean over images, or over the files that the images are from in turn; NaN for one."""
    if files is not None:
        image_mse = torch.stack([image_mse[file::files].mean() for file in range(min(files, len(image_mse)))])
    return float(image_mse.std() / math.sqrt(len(image_mse))) if len(image_mse) > 1 else math.nan


def prefix_names(
    kind: str, scores: Mapping[str, float], nothing: Mapping[str, float] | None = None
) -> dict[str, float]:
    """Turn short names of scores into full ones. With the scores of doing nothing, add those relative to them.

    >>> prefix_names("test", {"psnr": 25.0}, nothing={"psnr": 21.5})
    {'test/psnr': 25.0, 'test/gain': 3.5}
    """
    extended = dict(scores)
    for score in SCORES:
        if score.above_nothing and nothing is not None:
            extended[score.name] = scores[score.above_nothing] - nothing[score.above_nothing]
    return {f"{kind}/{name}": value for name, value in extended.items()}


def _batches(task: Task, split: Split, count: int, device: str) -> Iterator[tuple[Tensor, Tensor]]:
    """The noisy and clean scenes of a set, batch by batch; a set that is small enough is painted only once."""
    bytes_per_pair = 2 * 4 * task.channels * math.prod(task.image_size)
    if count * bytes_per_pair <= MAX_KEPT:
        yield from _kept_batches(task, split, count, device)
    else:
        yield from _paint_batches(task, split, count, device)


@lru_cache(maxsize=2)  # the validation and the test scenes of one task
def _kept_batches(task: Task, split: Split, count: int, device: str) -> list[tuple[Tensor, Tensor]]:
    return list(_paint_batches(task, split, count, device))


def _paint_batches(task: Task, split: Split, count: int, device: str) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, count, BATCH):
        noisy, clean = make_scenes(min(BATCH, count - start), split=split, start=start, task=task)
        yield noisy.to(device), clean.to(device)
