"""`train` as a pure function of (run, checkpoint), on a network and a task that take a second."""

import copy
import io
import math
import pickletools
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ablate.denoiser import build_denoiser
from ablate.denoiser.denoiser import count_flops, count_parameters
from ablate.metrics import EPOCH_METRICS, RESULT_METRICS
from ablate.scenes import Task, make_scenes
from ablate.settings import Run, resolve
from ablate.training.evaluation import evaluate, score_baselines
from ablate.training.events import Ended, EpochEnded
from ablate.training.loop import Trainer, train
from ablate.training.recipes import LOSSES

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
UNSTEADY = {"training.rate": 5e-2, "training.optimiser": "adamw"}  # its first epoch is its best
PRECISE = {**UNSTEADY, "training.statistics": "precise"}

Events = list[Any]
"""An `EpochEnded` per epoch, and `Ended`."""


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def a_run(changes: dict[str, Any], seed: int = 0) -> Run:
    settings = resolve({**TINY, **changes})
    return Run(model=settings.model, data=settings.data, training=settings.training, seed=seed)


def trained(changes: dict[str, Any], seed: int = 0, checkpoint: bytes | None = None) -> Events:
    return list(train(a_run(changes, seed), checkpoint))


@pytest.fixture(scope="module")
def unsteady() -> Events:
    return trained(UNSTEADY)


@pytest.fixture(scope="module")
def linear() -> Events:
    return trained(LINEAR)


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


def test_a_run_yields_each_epoch_and_then_its_end(linear: Events) -> None:
    assert [type(event) for event in linear] == [EpochEnded, EpochEnded, EpochEnded, Ended]
    assert [[row["epoch"] for row in event.rows] for event in linear[:-1]] == [[1], [1, 2], [1, 2, 3]]


def test_epochs_and_results_are_those_of_the_table_of_metrics(linear: Events) -> None:
    assert set(linear[0].rows[0]) == {"epoch", "time", *(metric.name for metric in EPOCH_METRICS)}
    only_if_diverged = {"diverged/epoch"}
    assert set(linear[-1].results) == {metric.name for metric in RESULT_METRICS} - only_if_diverged
    assert linear[-1].rows == linear[-2].rows


@pytest.mark.parametrize(
    "changes", [UNSTEADY, COSINE, AVERAGED, PRECISE], ids=["unsteady", "cosine", "averaged", "precise"]
)
@pytest.mark.parametrize("cut", [1, 2, 3])
def test_a_resumed_run_ends_with_the_same_bits(changes: dict[str, Any], cut: int) -> None:
    whole = trained(changes)
    resumed = trained(changes, checkpoint=whole[cut - 1].checkpoint)
    assert numbers(resumed)[1:] == numbers(whole)[1:]
    assert numbers(resumed)[0] == numbers(whole)[0][cut:]


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


def test_runs_do_not_disturb_each_other(unsteady: Events, linear: Events) -> None:
    pairs = list(zip(train(a_run(UNSTEADY)), train(a_run(LINEAR)), strict=True))
    for together, alone in zip(zip(*pairs, strict=True), (unsteady, linear), strict=True):
        assert numbers(together) == numbers(alone)


def test_training_neither_reads_nor_changes_torchs_generator(linear: Events) -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(12345)
        events = []
        for event in train(a_run(LINEAR)):
            assert torch.equal(torch.get_rng_state(), torch.Generator().manual_seed(12345).get_state())
            events.append(event)
    assert numbers(events) == numbers(linear)


def test_another_seed_gives_another_run(linear: Events) -> None:
    assert trained(LINEAR, seed=1)[-1].results["test/mse"] != linear[-1].results["test/mse"]


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


def test_an_epochs_scores_are_those_of_its_weights_on_the_validation_scenes(linear: Events) -> None:
    run = a_run(LINEAR)
    scores = evaluate(model_of(linear[1].checkpoint, run), Task.of(run.model, run.data), "validation", 16).scores
    assert {name: linear[1].rows[1][f"val/{name}"] for name in scores} == scores


def test_training_is_the_plain_torch_loop() -> None:
    run = a_run(LINEAR, seed=1)
    model, task = build_denoiser(run.model, run.seed), Task.of(run.model, run.data)
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-2)
    for epoch in range(3):
        noisy, clean = make_scenes(40, run.seed, epoch=epoch, task=task)
        for part in (slice(0, 16), slice(16, 32), slice(32, 40)):
            optimiser.zero_grad()
            mse_loss(model(noisy[part]), clean[part]).backward()
            optimiser.step()
    *_, last_epoch, _ = trained(LINEAR, seed=1)
    trained_model = model_of(last_epoch.checkpoint, run)
    torch.testing.assert_close(trained_model(noisy), model(noisy), rtol=1e-3, atol=1e-5)


def test_the_training_loss_is_the_mean_over_scenes(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def recorded(output: Tensor, target: Tensor) -> Tensor:
        loss = mse_loss(output, target)
        seen.append((len(output), loss.item()))
        return loss

    monkeypatch.setitem(LOSSES, "mse", recorded)
    row = next(train(a_run(LINEAR))).rows[0]
    assert [count for count, _ in seen] == [16, 16, 8]
    assert row["train/loss"] == pytest.approx(sum(count * loss for count, loss in seen) / 40)


def test_the_outputs_are_the_errors_and_pictures_of_the_test_scenes(linear: Events) -> None:
    run, arrays = a_run(LINEAR), safetensors.torch.load(linear[-1].arrays)
    best = model_of(linear[int(linear[-1].results["best/epoch"]) - 1].checkpoint, run)
    noisy, clean = make_scenes(24, split="test", task=Task.of(run.model, run.data))
    with torch.no_grad():
        expected = {"noisy": noisy, "clean": clean, "denoised": best(noisy)}
    errors = (expected["denoised"] - clean).square().mean(dim=(1, 2, 3))
    assert arrays.keys() == {"test_mse", *expected}
    torch.testing.assert_close(arrays["test_mse"], errors)
    for name, images in expected.items():
        torch.testing.assert_close(arrays[name].float(), images, rtol=1e-3, atol=1e-4)


def test_the_standard_error_is_that_of_the_test_images(linear: Events) -> None:
    errors = safetensors.torch.load(linear[-1].arrays)["test_mse"]
    results = linear[-1].results
    assert float(errors.mean()) == pytest.approx(results["test/mse"])
    assert results["test/mse_sem"] == pytest.approx(float(errors.std()) / math.sqrt(24))


def test_no_more_than_64_pictures_are_kept() -> None:
    end = trained({**LINEAR, "training.epochs": 1, "data.test": 66})[-1]
    shapes = {name: tuple(x.shape) for name, x in safetensors.torch.load(end.arrays).items()}
    assert shapes == {"test_mse": (66,), **dict.fromkeys(("noisy", "clean", "denoised"), (64, 1, 16, 16))}


def test_a_run_knows_its_cost_and_its_baselines(linear: Events) -> None:
    run, results = a_run(LINEAR), linear[-1].results
    assert results["cost/parameters"] == count_parameters(run.model)
    assert results["cost/flops"] == count_flops(run.model)
    assert score_baselines(Task.of(run.model, run.data), 24).items() <= results.items()


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


def test_a_run_that_is_worse_than_answering_zero_diverged_and_has_its_scores() -> None:
    end = trained({"training.rate": 1e-6, "training.epochs": 1})[-1]
    assert end.results["test/psnr"] < end.results["zero/psnr"]
    assert end.status == "diverged"
    assert end.arrays


def test_a_run_that_is_better_than_answering_zero_finished(linear: Events) -> None:
    assert linear[-1].results["test/psnr"] > linear[-1].results["zero/psnr"]
    assert linear[-1].status == "finished"


def test_a_checkpoint_holds_tensors_and_plain_values_only(unsteady: Events) -> None:
    with zipfile.ZipFile(io.BytesIO(unsteady[0].checkpoint)) as file:
        (name,) = [name for name in file.namelist() if name.endswith("data.pkl")]
        codes = list(pickletools.genops(file.read(name)))
    classes = {argument for code, argument, _ in codes if code.name == "GLOBAL"}
    storages = {"torch FloatStorage", "torch LongStorage"}
    assert classes == {"collections OrderedDict", "torch._utils _rebuild_tensor_v2"} | storages
    assert "STACK_GLOBAL" not in {code.name for code, _, _ in codes}
    assert torch.load(io.BytesIO(unsteady[0].checkpoint), weights_only=True)["rows"] == unsteady[0].rows


def test_bfloat16_is_another_run_with_weights_in_float32(linear: Events) -> None:
    half = trained({**LINEAR, "training.precision": "bfloat16"})
    weights = safetensors.torch.load(half[-1].weights)
    assert half[-1].results["test/mse"] != linear[-1].results["test/mse"]
    assert half[-1].results["test/mse"] == pytest.approx(linear[-1].results["test/mse"], rel=0.1)
    assert {value.dtype for value in weights.values()} == {torch.float32}


def test_the_events_load_no_torch() -> None:
    code = "import sys, ablate.training.events; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_task_without_noise_ends_with_what_can_be_scored() -> None:
    end = trained({"data.filled.density": 0, "data.noisy.density": 0})[-1]
    assert all(math.isfinite(value) for value in end.results.values())
    assert "nothing/psnr" not in end.results
