"""Runs that diverge, and what they keep."""

import io
import math
from collections.abc import Callable
from dataclasses import replace

import pytest
import safetensors.torch
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from ablate.training.evaluation import Evaluation
from ablate.training.loop import Trainer
from ablate.training.recipes import LOSSES
from tests.helpers.trained import LINEAR, Events, trained


def test_a_loss_that_is_not_finite_ends_the_run_with_its_baselines_and_no_scores() -> None:
    (end,) = trained({"training.rate": 1e6})
    assert end.status == "diverged"
    assert {name.split("/")[0] for name in end.results} == {"nothing", "zero", "best", "cost", "diverged"}
    assert end.results["best/epoch"] == 0
    assert end.arrays == b""
    assert safetensors.torch.load(end.weights) == {}


@pytest.mark.parametrize(
    "spoil",
    [lambda loss, output: loss + math.nan, lambda loss, output: loss + 0 * (output - output).sqrt().sum()],
    ids=["loss", "gradient"],
)
def test_a_run_that_diverges_late_keeps_its_best_weights(
    monkeypatch: pytest.MonkeyPatch, spoil: Callable[[Tensor, Tensor], Tensor]
) -> None:
    """The last step of the second epoch: its loss, or the weights that it leaves behind, are not finite."""
    steps = iter(range(99))

    def spoiled(output: Tensor, target: Tensor) -> Tensor:
        loss = mse_loss(output, target)
        return spoil(loss, output) if next(steps) == 5 else loss

    monkeypatch.setitem(LOSSES, "mse", spoiled)
    first, end = trained(LINEAR)
    best = torch.load(io.BytesIO(first.checkpoint), weights_only=True)["model"]
    weights = safetensors.torch.load(end.weights)
    assert (end.status, end.results["best/epoch"], end.results["diverged/epoch"]) == ("diverged", 1, 2)
    assert len(end.rows) == 1, "its curve is kept"
    assert all(torch.equal(weights[name], best[name]) for name in best)


def test_a_run_that_is_worse_than_predicting_zero_finished_with_its_own_scores() -> None:
    end = trained({"training.rate": 1e-6, "training.epochs": 1})[-1]
    assert end.results["test/psnr"] < end.results["zero/psnr"]
    assert end.status == "finished"
    assert end.arrays


def test_a_run_without_finite_scores_at_its_end_diverged(monkeypatch: pytest.MonkeyPatch) -> None:
    def spoiled(trainer: Trainer) -> Evaluation:
        found = evaluate_test(trainer)
        return replace(found, scores=dict.fromkeys(found.scores, math.nan))

    evaluate_test = Trainer._test
    monkeypatch.setattr(Trainer, "_test", spoiled)
    end = trained(LINEAR)[-1]
    assert (end.status, "test/psnr" in end.results, "zero/psnr" in end.results) == ("diverged", False, True)


def test_a_run_that_is_better_than_predicting_zero_finished(linear: Events) -> None:
    assert linear[-1].results["test/psnr"] > linear[-1].results["zero/psnr"]
    assert linear[-1].status == "finished"
