"""The parameters and FLOPs of a user's own parts."""

from __future__ import annotations

from pathlib import Path

import pytest

import ablate
from ablate.denoiser.anatomy import describe
from ablate.denoiser.layers import count_own_layers
from ablate.settings import ModelConfig
from tests.helpers.parts import write_parts_study


def test_the_counts_are_those_of_the_layers(tmp_path: Path) -> None:
    (found,) = count_own_layers(ablate.load_study(write_parts_study(tmp_path)).arms[2].settings.model)
    tokens, width, rank = 4, 8, 4
    assert (found.part.name, found.number) == ("gate", 1)
    assert found.parameters == (width * rank + rank) + (rank * width + width)
    assert found.flops == 2 * tokens * (width * rank + rank * width)


def test_describe_shows_the_part_with_the_same_numbers(tmp_path: Path) -> None:
    config = ablate.load_study(write_parts_study(tmp_path)).arms[1].settings.model
    (found,) = count_own_layers(config)
    part = describe(config).network["encoder.blocks.0.attention"]
    assert (part.kind, part.parameters, part.flops) == ("Gate", found.parameters, found.flops)


@pytest.mark.parametrize("depth", [1, 3])
def test_a_network_of_built_in_choices_has_none(depth: int) -> None:
    assert count_own_layers(ModelConfig(depth=depth)) == []
