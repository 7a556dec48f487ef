"""Networks with every pair of values of two settings can be built and trained, and use all of their parameters."""

from itertools import combinations, product
from typing import Any, Literal, get_args, get_origin

import pytest
import torch
from allpairspy import AllPairs

from ablate.denoiser import build_denoiser
from ablate.errors import StudyError
from ablate.overrides import resolve
from ablate.settings import DEFAULTS, TASK_SETTINGS, ModelConfig, Run, TrainingConfig
from ablate.training.loop import train
from tests.helpers.tiny import tiny_run

AXES: dict[str, list[Any]] = {
    "model.image_size": [(16, 16), (16, 32)],
    "model.channels": [1, 3],
    "model.patch_size": [1, 2, 4, 8],
    "model.width": [8, 12],
    "model.depth": [1, 2],
    "model.heads": [1, 2, 4],
    "model.mlp_ratio": [4.0, 0.5],
    "model.skip": ["both", "attention", "mlp", "none"],
    "model.norm": ["pre", "post", "none"],
    "model.position": ["learned", "sincos", "none"],
    "model.attention": ["softmax", "uniform", "none"],
    "model.mlp": ["gelu", "relu", "none"],
    "model.final_norm": [True, False],
    "model.decoder": ["transposed", "bilinear", "pixelshuffle", "linear", "unet"],
    "model.prediction": ["clean", "noise"],
    "model.head_init": ["torch", "small"],
    "training.epochs": [1],
    "training.scenes": [4],
    "training.batch": [4, 3],
    "training.loss": ["mse", "l1"],
    "training.optimiser": ["adam", "adamw"],
    "training.rate": [1e-3, 1e-2],
    "training.weight_decay": [None, 0.1],
    "training.schedule": ["constant", "cosine"],
    "training.warmup": [0.0, 1.0],
    "training.ema": [0.0, 0.9],
    "training.precision": ["float32", "bfloat16"],
    "training.statistics": ["running", "precise"],
}


def test_the_axes_have_every_choice_of_a_setting() -> None:
    for section, config in (("model", ModelConfig), ("training", TrainingConfig)):
        for name, field in config.model_fields.items():
            if get_origin(field.annotation) is Literal:
                assert AXES[f"{section}.{name}"] == list(get_args(field.annotation))


CASES = [dict(zip(AXES, values, strict=True)) for values in AllPairs(list(AXES.values()))]


def test_the_axes_have_every_setting_of_the_network_and_its_training() -> None:
    assert set(AXES) == {name for name in DEFAULTS if name.startswith(("model.", "training."))}


@pytest.mark.parametrize("name", [name for name in AXES if isinstance(DEFAULTS[name], str)])
def test_the_error_about_a_choice_lists_the_values_of_the_axis(name: str) -> None:
    with pytest.raises(StudyError, match="must be") as refused:
        resolve({name: "nothing of the kind"})
    assert all(f"'{value}'" in str(refused.value) for value in AXES[name])
    assert str(refused.value).count("'") == 2 * len(AXES[name]) + 2  # and what was given


def case_run(case: dict[str, Any]) -> Run:
    data = {"data.validation": 2, "data.test": 2}
    return tiny_run(**{name.replace(".", "__"): value for name, value in (case | data).items()})


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_every_pair_of_axes_trains_a_step(case: dict[str, Any]) -> None:
    events = list(train(case_run(case)))
    assert [type(event).__name__ for event in events] == ["EpochEnded", "Ended"]


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_every_parameter_gets_a_gradient(case: dict[str, Any]) -> None:
    config = case_run(case).model
    model = build_denoiser(config)
    model(torch.rand(2, config.channels, *config.image_size)).square().mean().backward()
    assert [name for name, parameter in model.named_parameters() if parameter.grad is None] == []


def test_every_pair_of_values_is_tried() -> None:
    for (first, some), (second, others) in combinations(AXES.items(), 2):
        tried = {(case[first], case[second]) for case in CASES}
        assert tried == set(product(some, others))


def test_the_other_settings_are_those_of_the_task_and_its_evaluation() -> None:
    assert {name for name in DEFAULTS if name not in AXES and not name.startswith(TASK_SETTINGS)} == {
        "data.validation",
        "data.test",
        # of pictures: where they are, which `data.content` stands for, and how training crops are turned
        "data.path",
        "data.omit",
        "data.flips",
        "data.turns",
    }
