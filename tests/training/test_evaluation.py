"""Scores against plain torch on the whole set at once."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn.functional import l1_loss
from torchmetrics.functional.image import structural_similarity_index_measure

from ablate.metrics import SCORES
from ablate.scenes import Task, make_scenes
from ablate.settings import DataConfig, FilledConfig
from ablate.training import evaluation
from ablate.training.evaluation import Evaluation, evaluate, prefix_names, score_baselines

TASK = Task(image_size=(16, 16), channels=2)
COUNT = 37  # not a multiple of the batch
Scenes = tuple[Tensor, Tensor]


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
    assert list(halved.scores) == [score.name for score in SCORES if score.make]


def test_the_mse_of_each_image_is_kept_in_order(scenes: Scenes, halved: Evaluation) -> None:
    noisy, clean = scenes
    expected = torch.stack([(n / 2 - c).square().mean() for n, c in zip(noisy, clean, strict=True)])
    torch.testing.assert_close(halved.image_mse, expected)


def test_psnr_is_that_of_the_pooled_error(halved: Evaluation) -> None:
    pooled = -10 * torch.log10(halved.image_mse.mean())
    mean = -10 * torch.log10(halved.image_mse).mean()
    assert halved.scores["psnr"] == pytest.approx(float(pooled), abs=1e-4)
    assert abs(halved.scores["psnr"] - float(mean)) > 0.1


def test_ssim_is_that_of_the_whole_set(scenes: Scenes, halved: Evaluation) -> None:
    noisy, clean = scenes
    expected: Any = structural_similarity_index_measure(noisy / 2, clean, data_range=1.0)
    assert halved.scores["ssim"] == pytest.approx(float(expected), rel=1e-5)


@pytest.mark.parametrize("batch", [1, 5, 64])
def test_scores_do_not_depend_on_the_batch(monkeypatch: pytest.MonkeyPatch, halved: Evaluation, batch: int) -> None:
    monkeypatch.setattr(evaluation, "BATCH", batch)
    other = evaluate(halve, TASK, "test", COUNT)
    assert other.scores == pytest.approx(halved.scores, rel=1e-5)
    torch.testing.assert_close(other.image_mse, halved.image_mse)


def test_validation_and_test_are_other_scenes(halved: Evaluation) -> None:
    assert evaluate(halve, TASK, "validation", COUNT).scores["mse"] != pytest.approx(halved.scores["mse"], rel=1e-3)


def test_evaluation_builds_no_graph() -> None:
    weight = torch.ones((), requires_grad=True)
    assert not evaluate(lambda noisy: noisy * weight, TASK, "test", 4).image_mse.requires_grad


def test_baselines_are_doing_nothing_and_answering_zero(scenes: Scenes) -> None:
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
    assert strided == evaluate(lambda noisy: noisy, task, "test", 3).scores
