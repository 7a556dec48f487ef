"""Scores of a denoiser on a fixed set of scenes; torchmetrics computes them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor
from torchmetrics import MeanSquaredError, MetricCollection
from torchmetrics.image import PeakSignalNoiseRatio, StructuralSimilarityIndexMeasure

from ablate.scenes import Split, Task, make_scenes

BATCH = 16
"""Scenes at a time: so few that SSIM stays in the processor's cache (twice as fast as 128 there); changes no score."""

Predict = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Evaluation:
    """Scores of a set (`mse`, `psnr` of the pooled MSE, `ssim`), and the MSE of each image (N,)."""

    scores: dict[str, float]
    image_mse: Tensor


@torch.no_grad()
def evaluate(predict: Predict, task: Task, split: Split, count: int, device: str = "cpu") -> Evaluation:
    """Score `predict` on the first `count` scenes of a split."""
    metrics = MetricCollection(
        {
            "mse": MeanSquaredError(),
            "psnr": PeakSignalNoiseRatio(data_range=1.0),
            "ssim": StructuralSimilarityIndexMeasure(data_range=1.0),
        },
        compute_groups=False,
    ).to(device)
    image_mse = []
    for noisy_BCHW, clean_BCHW in _batches(task, split, count, device):
        denoised_BCHW = predict(noisy_BCHW).contiguous()  # torchmetrics views it, and colour images may be strided
        metrics.update(denoised_BCHW, clean_BCHW)
        image_mse.append((denoised_BCHW - clean_BCHW).square().mean(dim=(1, 2, 3)))
    scores = {name: float(value) for name, value in metrics.compute().items()}
    return Evaluation(scores, torch.cat(image_mse).cpu())


@lru_cache(maxsize=16)
def baselines(task: Task, count: int) -> dict[str, float]:
    """Test scores of doing nothing (the output is the input) and of answering zero."""
    nothing = evaluate(lambda noisy: noisy, task, "test", count).scores
    zero = evaluate(torch.zeros_like, task, "test", count).scores
    named = {"nothing": nothing, "zero": zero}
    return {key: value for name, scores in named.items() for key, value in with_gain(name, scores, nothing).items()}


def with_gain(prefix: str, scores: dict[str, float], nothing: dict[str, float]) -> dict[str, float]:
    """The scores under their full names, with the gain in dB over doing nothing."""
    gained = {**scores, "gain": scores["psnr"] - nothing["psnr"]}
    return {f"{prefix}/{name}": value for name, value in gained.items()}


def _batches(task: Task, split: Split, count: int, device: str) -> Iterator[tuple[Tensor, Tensor]]:
    for start in range(0, count, BATCH):
        noisy, clean = make_scenes(min(BATCH, count - start), split=split, start=start, task=task)
        yield noisy.to(device), clean.to(device)
