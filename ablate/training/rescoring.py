"""Score a run that was trained before a score existed, from its weights and its scenes, without training it again."""

from __future__ import annotations

import math

import safetensors.torch

from ablate.data.task import Task
from ablate.denoiser.denoiser import build_denoiser
from ablate.settings import Run
from ablate.training.evaluation import evaluate, prefix_names, score_baselines, score_nothing


def rescore(run: Run, weights: bytes | None, device: str = "cpu") -> dict[str, float]:
    """Score the baselines of a run and, if its weights are given, the run itself (`test/...`).

    On the same kind of device, and with one thread, the scores have the same bits as those of its training.

    Args:
        run: the run, which determines the scenes and the network.
        weights: of its best epoch, as safetensors.
        device: where to evaluate.

    Returns:
        Scores by their full names, without those that are not finite.
    """
    task, count = Task.of(run.model, run.data), run.data.test
    results = score_baselines(task, count)
    if weights:
        model = build_denoiser(run.model, run.seed).to(device)
        model.load_state_dict(safetensors.torch.load(weights))
        scores = evaluate(model.eval(), task, "test", count, device).scores
        results |= prefix_names("test", scores, score_nothing(task, count))
    return {name: value for name, value in results.items() if math.isfinite(value)}
