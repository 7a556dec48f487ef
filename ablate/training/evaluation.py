"""Score a denoiser on a fixed set of scenes, with torchmetrics."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torchmetrics import MetricCollection

from ablate.metrics import SCORES
from ablate.scenes import Split, Task, make_scenes

BATCH = 16
"""Scenes per batch. So few fit into the processor's cache: SSIM is twice as fast as with 128. Scores do not change."""

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
    makers = {score.name: score.make for score in SCORES if score.make}
    metrics = MetricCollection({name: make() for name, make in makers.items()}, compute_groups=False).to(device)
    image_mse = []
    for noisy_BCHW, clean_BCHW in _batches(task, split, count, device):
        denoised_BCHW = predict(noisy_BCHW).contiguous()  # torchmetrics takes a view, and colour images can be strided
        metrics.update(denoised_BCHW, clean_BCHW)
        image_mse.append((denoised_BCHW - clean_BCHW).square().mean(dim=(1, 2, 3)))
    values = metrics.compute()
    scores = {name: float(values[name]) for name in makers}  # in our order: torchmetrics sorts by name
    return Evaluation(scores, torch.cat(image_mse).cpu())


def score_baselines(task: Task, count: int) -> dict[str, float]:
    """The test scores of doing nothing (the output is the input) and of answering zero, by their full names."""
    nothing = score_nothing(task, count)
    return {**prefix_names("nothing", nothing, nothing), **prefix_names("zero", _score_zero(task, count), nothing)}


@lru_cache(maxsize=16)
def score_nothing(task: Task, count: int) -> Mapping[str, float]:
    """The test scores of doing nothing, by their short names."""
    return evaluate(lambda noisy: noisy, task, "test", count).scores


@lru_cache(maxsize=16)
def _score_zero(task: Task, count: int) -> Mapping[str, float]:
    return evaluate(torch.zeros_like, task, "test", count).scores


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
    for start in range(0, count, BATCH):
        noisy, clean = make_scenes(min(BATCH, count - start), split=split, start=start, task=task)
        yield noisy.to(device), clean.to(device)
