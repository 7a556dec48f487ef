"""Names of arms and settings."""

from typing import Any

import pytest

from ablate.settings import DEFAULTS
from ablate.studies.names import arm_name, short_name


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
