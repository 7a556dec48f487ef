"""Which weights are evaluated and kept: the last, the best, or an average, with which statistics."""

import copy
import io

import pytest
import safetensors.torch
import torch
from torch import nn

from ablate.data.sources import make_scenes
from ablate.data.task import Task
from ablate.denoiser import build_denoiser
from ablate.training.evaluation import evaluate
from ablate.training.loop import Trainer
from tests.helpers.trained import (
    AVERAGED,
    LINEAR,
    PRECISE,
    UNSTEADY,
    Events,
    a_run,
    model_of,
    numbers,
    trained,
)


def test_the_average_of_the_weights_is_what_is_evaluated_and_kept() -> None:
    run, (*epochs, end) = a_run(AVERAGED), trained(AVERAGED)
    best = int(end.results["best/epoch"])
    state = torch.load(io.BytesIO(epochs[best - 1].checkpoint), weights_only=True)
    average = {name.removeprefix("module."): value for name, value in state["average"].items() if name != "n_averaged"}
    weights = safetensors.torch.load(end.weights)
    assert weights.keys() == average.keys() == state["model"].keys()
    assert all(torch.equal(weights[name], average[name]) for name in weights)
    assert not torch.equal(average["encoder.position.table"], state["model"]["encoder.position.table"])
    model = build_denoiser(run.model).eval()
    model.load_state_dict(average)
    scores = evaluate(model, Task.of(run.model, run.data), "test", 24).scores
    assert {name: end.results[f"test/{name}"] for name in scores} == scores


def test_averaging_the_weights_changes_no_step(linear: Events) -> None:
    averaged = trained({**LINEAR, "training.ema": 0.9})
    assert averaged[2].rows[2]["train/loss"] == linear[2].rows[2]["train/loss"]
    assert averaged[2].rows[2]["val/mse"] != linear[2].rows[2]["val/mse"]


@pytest.mark.parametrize("ema", [0.0, 0.9])
def test_precise_statistics_are_those_of_training_scenes_with_fixed_weights(ema: float) -> None:
    run = a_run({**PRECISE, "training.ema": ema})
    trainer = Trainer(run, "cpu")
    assert trainer.advance()
    model = copy.deepcopy(trainer.evaluated_model).train()
    layers = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    for layer in layers:
        layer.reset_running_stats()
        layer.momentum = None  # which makes torch average all batches equally
    noisy, _ = make_scenes(40, run.seed, epoch=0, task=trainer.task)
    with torch.no_grad():
        for batch in noisy.split(16):
            model(batch)
    assert layers
    found, expected = trainer.evaluated_model.state_dict(), model.state_dict()
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_precise_statistics_change_scores_but_no_step(unsteady: Events) -> None:
    precise = trained(PRECISE)
    rows, others = precise[2].rows, unsteady[2].rows
    assert [row["train/loss"] for row in rows] == [row["train/loss"] for row in others]
    assert all(row["val/mse"] != other["val/mse"] for row, other in zip(rows, others, strict=True))


def test_precise_statistics_change_nothing_without_batch_norm(linear: Events) -> None:
    assert numbers(trained({**LINEAR, "training.statistics": "precise"})) == numbers(linear)


def test_the_best_weights_are_those_of_the_epoch_with_the_lowest_validation_error(unsteady: Events) -> None:
    errors = [row["val/mse"] for row in unsteady[-2].rows]
    best = errors.index(min(errors))
    expected = torch.load(io.BytesIO(unsteady[best].checkpoint), weights_only=True)["model"]
    weights = safetensors.torch.load(unsteady[-1].weights)
    assert best + 1 == unsteady[-1].results["best/epoch"] < len(errors)
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


@pytest.mark.parametrize(("prefix", "epoch"), [("test", 0), ("last", 2)])
def test_scores_are_those_of_the_best_and_of_the_last_epoch(unsteady: Events, prefix: str, epoch: int) -> None:
    run, results = a_run(UNSTEADY), unsteady[-1].results
    scores = evaluate(model_of(unsteady[epoch].checkpoint, run), Task.of(run.model, run.data), "test", 24).scores
    assert {name: results[f"{prefix}/{name}"] for name in scores} == scores
    assert results[f"{prefix}/gain"] == scores["psnr"] - results["nothing/psnr"]


def test_bfloat16_is_another_run_with_weights_in_float32(linear: Events) -> None:
    half = trained({**LINEAR, "training.precision": "bfloat16"})
    weights = safetensors.torch.load(half[-1].weights)
    assert half[-1].results["test/mse"] != linear[-1].results["test/mse"]
    assert half[-1].results["test/mse"] == pytest.approx(linear[-1].results["test/mse"], rel=0.1)
    assert {value.dtype for value in weights.values()} == {torch.float32}
