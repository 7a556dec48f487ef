"""Scores against torchmetrics and plain torch, on the whole set at once."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import l1_loss
from torchmetrics.functional import mean_absolute_error, mean_squared_error
from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

from ablate.data.sources import make_scenes
from ablate.data.task import Task
from ablate.data_settings import FilledConfig, NoisyConfig
from ablate.metrics import SCORES
from ablate.settings import DataConfig
from ablate.training import evaluation
from ablate.training.evaluation import Evaluation, evaluate, prefix_names, score_baselines, standard_error

TASK = Task(image_size=(16, 16), channels=2)
COUNT = 37  # not a multiple of the batch
Scenes = tuple[Tensor, Tensor]


def mean_of_image_psnrs(denoised: Tensor, clean: Tensor) -> Tensor:
    """The mean over images of torchmetrics' PSNRs, each at most 100 dB: of a perfect image it is infinite."""
    each = peak_signal_noise_ratio(denoised, clean, data_range=1.0, dim=(1, 2, 3), reduction="none")
    return each.clamp(max=100).mean()


TORCHMETRICS: dict[str, Callable[..., Any]] = {
    "mse": mean_squared_error,
    "mae": mean_absolute_error,
    "psnr": partial(peak_signal_noise_ratio, data_range=1.0),
    "psnr_images": mean_of_image_psnrs,
    "ssim": partial(structural_similarity_index_measure, data_range=1.0),
}
"""The same scores by another library, on a whole set at once."""


def halve(noisy: Tensor) -> Tensor:
    return noisy / 2


@pytest.fixture(scope="module")
def scenes() -> Scenes:
    return make_scenes(COUNT, split="test", task=TASK)


@pytest.fixture(scope="module")
def halved() -> Evaluation:
    return evaluate(halve, TASK, "test", COUNT)


def test_mse_is_that_of_the_whole_set(scenes: Scenes, halved: Evaluation) -> None:
    noisy, clean = scenes
    assert halved.scores["mse"] == pytest.approx(float((noisy / 2 - clean).square().mean()))


def test_mae_is_that_of_the_whole_set(scenes: Scenes, halved: Evaluation) -> None:
    noisy, clean = scenes
    assert halved.scores["mae"] == pytest.approx(float(l1_loss(noisy / 2, clean)))


def test_the_baselines_have_the_mae_of_their_images(scenes: Scenes) -> None:
    noisy, clean = (x.double().numpy() for x in scenes)
    found = score_baselines(TASK, COUNT)
    assert found["nothing/mae"] == pytest.approx(np.abs(noisy - clean).mean())
    assert found["zero/mae"] == pytest.approx(np.abs(clean).mean())


def test_every_score_that_is_computed_is_an_entry_of_the_table_in_its_order(halved: Evaluation) -> None:
    assert list(halved.scores) == [score.name for score in SCORES if score.of_images]


def test_the_mse_of_each_image_is_kept_in_order(scenes: Scenes, halved: Evaluation) -> None:
    noisy, clean = scenes
    expected = torch.stack([(n / 2 - c).square().mean() for n, c in zip(noisy, clean, strict=True)])
    torch.testing.assert_close(halved.image_mse, expected)


def test_psnr_is_that_of_the_pooled_error(halved: Evaluation) -> None:
    pooled = -10 * torch.log10(halved.image_mse.mean())
    mean = -10 * torch.log10(halved.image_mse).mean()
    assert halved.scores["psnr"] == pytest.approx(float(pooled), abs=1e-4)
    assert abs(halved.scores["psnr"] - float(mean)) > 0.1


@pytest.mark.parametrize("size", [(8, 8), (10, 24), (64, 64)])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("name", list(TORCHMETRICS))
def test_scores_are_those_of_torchmetrics(name: str, channels: int, size: tuple[int, int]) -> None:
    task = Task(image_size=size, channels=channels)
    noisy, clean = make_scenes(COUNT, split="test", task=task)
    expected = TORCHMETRICS[name](noisy / 2, clean)
    assert evaluate(halve, task, "test", COUNT).scores[name] == pytest.approx(float(expected), abs=1e-5)


def test_torchmetrics_is_compared_with_every_score_of_images() -> None:
    assert set(TORCHMETRICS) == {score.name for score in SCORES if score.of_images}


def test_a_perfect_image_has_an_infinite_psnr_and_an_ssim_of_one() -> None:
    quiet = Task(data=DataConfig(filled=FilledConfig(density=0), noisy=NoisyConfig(density=0)))
    scores = evaluate(lambda noisy: noisy, quiet, "test", 3).scores
    assert scores == {"mse": 0, "psnr": np.inf, "ssim": pytest.approx(1), "mae": 0, "psnr_images": 100}


def test_a_set_that_is_too_large_to_keep_is_painted_again_with_the_same_scores(
    monkeypatch: pytest.MonkeyPatch, halved: Evaluation
) -> None:
    monkeypatch.setattr(evaluation, "MAX_KEPT", 1000)
    again = evaluate(halve, TASK, "test", COUNT)
    assert again.scores == halved.scores


def test_scenes_are_painted_once_for_all_evaluations_of_a_set(monkeypatch: pytest.MonkeyPatch) -> None:
    evaluate(halve, TASK, "test", COUNT)
    monkeypatch.setattr(evaluation, "make_scenes", None)  # fails if it is called
    evaluate(halve, TASK, "test", COUNT)


@pytest.mark.parametrize("batch", [1, 5, 64])
def test_scores_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch, halved: Evaluation, batch: int) -> None:
    monkeypatch.setattr(evaluation, "BATCH", batch)
    monkeypatch.setattr(evaluation, "MAX_KEPT", 0)  # scenes that were kept are in batches already
    other = evaluate(halve, TASK, "test", COUNT)
    assert other.scores == pytest.approx(halved.scores, rel=1e-5)
    torch.testing.assert_close(other.image_mse, halved.image_mse)


def test_validation_and_test_are_other_scenes(halved: Evaluation) -> None:
    assert evaluate(halve, TASK, "validation", COUNT).scores["mse"] != pytest.approx(halved.scores["mse"], rel=1e-3)


def test_evaluation_builds_no_graph() -> None:
    weight = torch.ones((), requires_grad=True)
    assert not evaluate(lambda noisy: noisy * weight, TASK, "test", 4).image_mse.requires_grad


def test_baselines_are_doing_nothing_and_predicting_zero(scenes: Scenes) -> None:
    noisy, clean = scenes
    found = score_baselines(TASK, COUNT)
    assert found["nothing/mse"] == pytest.approx(float((noisy - clean).square().mean()))
    assert found["zero/mse"] == pytest.approx(float(clean.square().mean()))
    assert found["nothing/gain"] == 0
    assert found["zero/gain"] == pytest.approx(found["zero/psnr"] - found["nothing/psnr"])


def test_baselines_belong_to_their_task() -> None:
    quiet = TASK._replace(data=DataConfig(filled=FilledConfig(value=(0.0, 0.1))))
    assert score_baselines(quiet, COUNT)["nothing/mse"] < score_baselines(TASK, COUNT)["nothing/mse"]
    assert score_baselines(quiet, COUNT)["zero/mse"] == score_baselines(TASK, COUNT)["zero/mse"]


def test_the_gain_is_the_psnr_over_that_of_doing_nothing() -> None:
    scores = prefix_names("test", {"mse": 0.1, "psnr": 25.0}, {"psnr": 21.5})
    assert scores == {"test/mse": 0.1, "test/psnr": 25.0, "test/gain": 3.5}


def test_no_gain_is_computed_where_doing_nothing_is_not_scored() -> None:
    assert prefix_names("val", {"mse": 0.1, "psnr": 25.0}) == {"val/mse": 0.1, "val/psnr": 25.0}


def test_colour_images_may_be_strided() -> None:
    task = Task(image_size=(16, 16), channels=3)
    strided = evaluate(lambda noisy: noisy.to(memory_format=torch.channels_last), task, "test", 3).scores
    assert strided == pytest.approx(evaluate(lambda noisy: noisy, task, "test", 3).scores, rel=1e-6)


def test_the_standard_error_over_files_is_that_of_their_means() -> None:
    image_mse = torch.tensor([1.0, 5.0, 3.0, 7.0])  # two files in turn: means 2 and 6
    assert standard_error(image_mse, 2) == pytest.approx(np.std([2, 6], ddof=1) / np.sqrt(2))
    assert standard_error(image_mse, None) == pytest.approx(np.std([1, 5, 3, 7], ddof=1) / 2)
    assert math.isnan(standard_error(image_mse, 1))
