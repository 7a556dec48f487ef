"""Tiny networks trained in this process, and what their events say."""

import io
from collections.abc import Sequence
from typing import Any

import torch
from torch import nn

from ablate.denoiser import build_denoiser
from ablate.overrides import resolve
from ablate.settings import Run
from ablate.training.loop import train

TINY = {
    "model.image_size": [16, 16],
    "model.patch_size": 4,
    "model.width": 8,
    "model.depth": 1,
    "model.heads": 2,
    "data.validation": 16,
    "data.test": 24,
    "training.epochs": 3,
    "training.scenes": 40,
    "training.batch": 16,
}
LINEAR = {"model.decoder": "linear", "training.rate": 1e-2}
COSINE = {**LINEAR, "training.schedule": "cosine"}
AVERAGED = {**LINEAR, "training.ema": 0.9, "training.warmup": 0.5, "training.weight_decay": 0.1}
UNSTEADY = {  # its first epoch is its best
    "training.rate": 5e-2,
    "training.optimiser": "adamw",
    "training.statistics": "running",
    "model.head_init": "torch",
}
PRECISE = {**UNSTEADY, "training.statistics": "precise"}

Events = list[Any]
"""An `EpochEnded` per epoch, and `Ended`."""


def a_run(changes: dict[str, Any], seed: int = 0) -> Run:
    settings = resolve({**TINY, **changes})
    return Run(model=settings.model, data=settings.data, training=settings.training, seed=seed)


def trained(changes: dict[str, Any], seed: int = 0, checkpoint: bytes | None = None) -> Events:
    return list(train(a_run(changes, seed), checkpoint))


def untimed(numbers: dict[str, float]) -> dict[str, float]:
    return {name: v for name, v in numbers.items() if not name.startswith("time") and name != "cost/train_seconds"}


def numbers(events: Sequence[Any]) -> tuple[Any, ...]:
    """All that a run's events say, without its times."""
    *epochs, end = events
    return [untimed(epoch.rows[-1]) for epoch in epochs], untimed(end.results), end.weights, end.arrays, end.status


def model_of(checkpoint: bytes, run: Run) -> nn.Module:
    model = build_denoiser(run.model).eval()
    model.load_state_dict(torch.load(io.BytesIO(checkpoint), weights_only=True)["model"])
    return model
