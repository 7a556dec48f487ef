"""Scores of a run that was trained before a score existed: from its weights and its scenes, without training."""

from __future__ import annotations

import math

import safetensors.torch

from ablate.denoiser.denoiser import build_denoiser
from ablate.scenes import Task
from ablate.settings import Run
from ablate.training.evaluation import baselines, evaluate, named, score_nothing


def score_again(run: Run, weights: bytes | None, device: str = "cpu") -> dict[str, float]:
    """The baselines of a run's test scenes, and the `test/...` scores of its weights if there are any.

    On the same kind of device, and on one thread, the bits are those that its training would have given.

    Args:
        run: whose scenes and network they are.
        weights: of its best epoch, as safetensors.
        device: where to evaluate.

    Returns:
        Scores by their full names, without those that are not finite.
    """
    task, count = Task.of(run.model, run.data), run.data.test
    found = baselines(task, count)
    if weights:
        model = build_denoiser(run.model, run.seed).to(device)
        model.load_state_dict(safetensors.torch.load(weights))
        scores = evaluate(model.eval(), task, "test", count, device).scores
        found |= named("test", scores, score_nothing(task, count))
    return {name: value for name, value in found.items() if math.isfinite(value)}
