"""Names of arms and settings."""

from typing import Any

import pytest

from ablate.settings import DEFAULTS, ModelConfig
from ablate.studies.names import arm_name, short_name

OLD_TRAINING = ("epochs", "scenes", "batch", "loss", "optimiser", "rate", "weight_decay", "schedule", "warmup", "ema")


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ({"model.heads": 4, "model.depth": 12}, "heads=4, depth=12"),
        ({"model.image_size": [32, 64]}, "image_size=32x64"),
        ({"data.cells.density": 0.1, "data.noisy.density": 0}, "cells.density=0.1, noisy.density=0"),
        ({"data.filled.density": 0.1}, "filled.density=0.1"),
    ],
)
def test_an_arm_of_axes_is_named_by_what_it_changes(overrides: dict[str, Any], name: str) -> None:
    assert arm_name(overrides) == name


def ends_in(setting: str, ending: str) -> bool:
    return f".{setting}".endswith(f".{ending}")


@pytest.mark.parametrize("setting", DEFAULTS)
def test_the_short_name_of_a_setting_is_its_shortest_ending_that_no_other_has(setting: str) -> None:
    short = short_name(setting)
    assert [other for other in DEFAULTS if ends_in(other, short)] == [setting]
    _, _, shorter = short.partition(".")
    assert not shorter or len([other for other in DEFAULTS if ends_in(other, shorter)]) > 1


@pytest.mark.parametrize("setting", ["heads", "depth", "skip", "decoder", "patch_size", "position", "final_norm"])
def test_settings_of_the_network_are_named_by_one_word(setting: str) -> None:
    assert short_name(f"model.{setting}") == setting


def test_no_setting_has_the_name_by_which_recorded_arms_are_called() -> None:
    """A new setting with the same ending as an old one would change the names of arms in the data of old runs."""
    old = (*(f"model.{name}" for name in ModelConfig.model_fields), *(f"training.{name}" for name in OLD_TRAINING))
    assert {name: short_name(name) for name in old} == {name: name.split(".")[-1] for name in old}
    assert short_name("data.cells.peak") == "peak"
