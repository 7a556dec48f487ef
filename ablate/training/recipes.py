"""Losses, optimisers and schedules by the names that a study gives them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch.nn.functional as F
from torch import Tensor, nn, optim

from ablate.settings import TrainingConfig

LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": F.mse_loss, "l1": F.l1_loss}

OPTIMISERS: dict[str, type[optim.Adam]] = {"adam": optim.Adam, "adamw": optim.AdamW}

SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda progress: 1.0,
    "cosine": lambda progress: (1 + math.cos(math.pi * progress)) / 2,
}
"""The factor on the learning rate at a progress from 0 to 1."""


def steps_an_epoch(config: TrainingConfig) -> int:
    """Batches of one epoch, the last of which may be smaller."""
    return math.ceil(config.scenes / config.batch)


def make_optimiser(config: TrainingConfig, model: nn.Module) -> tuple[optim.Optimizer, optim.lr_scheduler.LambdaLR]:
    """The optimiser and its schedule, which counts steps; fused, since it then costs a step a tenth less on the CPU."""
    optimiser = OPTIMISERS[config.optimiser](model.parameters(), lr=config.rate, fused=True)
    total = config.epochs * steps_an_epoch(config)
    factor = SCHEDULES[config.schedule]
    return optimiser, optim.lr_scheduler.LambdaLR(optimiser, lambda step: factor(step / total))
