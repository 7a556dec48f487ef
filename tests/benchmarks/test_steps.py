"""What the benchmark of steps compares computes the same, and is timed against what ran in the same turn."""

import pytest
import torch
import torch.nn.functional as F

from ablate.denoiser.denoiser import build_denoiser, count_parameters
from ablate.settings import ModelConfig
from benchmarks.peers.network import Denoiser
from benchmarks.steps import WAYS, Measured, measure_apart, plain_attention, report


def test_plain_products_are_torchs_attention() -> None:
    q, k, v = torch.randn(3, 2, 4, 64, 8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(plain_attention(q, k, v), F.scaled_dot_product_attention(q, k, v))


def test_the_networks_have_the_same_size() -> None:
    config = ModelConfig()
    assert sum(weights.numel() for weights in Denoiser().parameters()) == count_parameters(config)
    assert sum(weights.numel() for weights in build_denoiser(config, 0).parameters()) == count_parameters(config)


@pytest.mark.slow  # compiles, and starts a process for each
@pytest.mark.parametrize("name", WAYS)
def test_every_way_can_be_measured(name: str) -> None:
    assert all(number > 0 for number in measure_apart(name, steps=1))


def test_a_way_is_compared_with_the_first_one_of_its_own_turn() -> None:
    """The machine is twice as slow in the second turn."""
    found = {"first": [Measured(3, 2, 1e9), Measured(6, 4, 1e9)], "other": [Measured(2, 1, 1e9), Measured(4, 2, 1e9)]}
    _, _, first, other = report(found, steps=1).splitlines()
    assert first.startswith("| first | 1.000 (1.000 to 1.000) |")
    assert other.startswith("| other | 0.500 (0.500 to 0.500) |")
    assert other.endswith("| 1.500 (1.000 to 2.000) |")
