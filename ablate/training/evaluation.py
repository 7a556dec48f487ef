"""Scores of a denoiser on a fixed set of scenes; torchmetrics computes them."""

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
"""Scenes at a time: so few that SSIM stays in the processor's cache (twice as fast as 128 there); changes no score."""

Predict = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Evaluation:
    """Scores of a set by their short names (`psnr`), and the MSE of each image (N,)."""

    scores: dict[str, float]
    image_mse: Tensor


@torch.no_grad()
def evaluate(predict: Predict, task: Task, split: Split, count: int, device: str = "cpu") -> Evaluation:
    """Score `predict` on the first `count` scenes of a split."""
    makers = {score.name: score.make for score in SCORES if score.make}
    metrics = MetricCollection({name: make() for name, make in makers.items()}, compute_groups=False).to(device)
    image_mse = []
    for noisy_BCHW, clean_BCHW in _batches(task, split, count, device):
        denoised_BCHW = predict(noisy_BCHW).contiguous()  # torchmetrics views it, and colour images may be strided
        metrics.update(denoised_BCHW, clean_BCHW)
        image_mse.append((denoised_BCHW - clean_BCHW).square().mean(dim=(1, 2, 3)))
    values = metrics.compute()
    scores = {name: float(values[name]) for name in makers}  # torchmetrics sorts them by name
    return Evaluation(scores, torch.cat(image_mse).cpu())


def baselines(task: Task, count: int) -> dict[str, float]:
    """Test scores of doing nothing (the output is the input) and of answering zero, by their full names."""
    nothing = score_nothing(task, count)
    return {**named("nothing", nothing, nothing), **named("zero", _score_zero(task, count), nothing)}


@lru_cache(maxsize=16)
def score_nothing(task: Task, count: int) -> Mapping[str, float]:
    """Test scores of doing nothing, by their short names."""
    return evaluate(lambda noisy: noisy, task, "test", count).scores


@lru_cache(maxsize=16)
def _score_zero(task: Task, count: int) -> Mapping[str, float]:
    return evaluate(torch.zeros_like, task, "test", count).scores


def named(kind: str, scores: Mapping[str, float], nothing: Mapping[str, float] | None = None) -> dict[str, float]:
    """The scores under their full names (`kind/psnr`); given those of doing nothing also the ones relative to them."""
    found = dict(scores)
    for score in SCORES:
        if score.above_nothing and nothing is not None:
            found[score.name] = scores[score.above_nothing] - nothing[score.above_nothing]
    return {f"{kind}/{name}": value for name, value in found.items()}


def _batches(task: Task, split: Split, count: int, device: str) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, count, BATCH):
        noisy, clean = make_scenes(min(BATCH, count - start), split=split, start=start, task=task)
        yield noisy.to(device), clean.to(device)
