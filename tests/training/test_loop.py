"""`train` as a pure function of (run, checkpoint), on a network and a task that take a second."""

import io
import math
import pickletools
import subprocess
import sys
import zipfile
from typing import Any

import pytest
import safetensors.torch
import torch
from torch import Tensor
from torch.nn.functional import mse_loss

from ablate.data.sources import make_scenes
from ablate.data.task import Task
from ablate.denoiser import build_denoiser
from ablate.denoiser.denoiser import count_flops, count_parameters
from ablate.metrics import EPOCH_METRICS, RESULT_METRICS
from ablate.training.evaluation import evaluate, score_baselines
from ablate.training.events import Ended, EpochEnded
from ablate.training.loop import train
from ablate.training.recipes import LOSSES
from tests.helpers.trained import AVERAGED, COSINE, LINEAR, PRECISE, UNSTEADY, Events, a_run, model_of, numbers, trained


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


def test_a_checkpoint_holds_tensors_and_plain_values_only(unsteady: Events) -> None:
    with zipfile.ZipFile(io.BytesIO(unsteady[0].checkpoint)) as file:
        (name,) = [name for name in file.namelist() if name.endswith("data.pkl")]
        codes = list(pickletools.genops(file.read(name)))
    classes = {argument for code, argument, _ in codes if code.name == "GLOBAL"}
    storages = {"torch FloatStorage", "torch LongStorage"}
    assert classes == {"collections OrderedDict", "torch._utils _rebuild_tensor_v2"} | storages
    assert "STACK_GLOBAL" not in {code.name for code, _, _ in codes}
    assert torch.load(io.BytesIO(unsteady[0].checkpoint), weights_only=True)["rows"] == unsteady[0].rows


def test_the_events_load_no_torch() -> None:
    code = "import sys, ablate.training.events; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_task_without_noise_ends_with_what_can_be_scored() -> None:
    end = trained({"data.filled.density": 0, "data.noisy.density": 0})[-1]
    assert all(math.isfinite(value) for value in end.results.values())
    assert "nothing/psnr" not in end.results
