from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from ablate.denoiser.denoiser import Denoiser
from ablate.denoiser.flops import flops_by_module, flops_of
from ablate.settings import ModelConfig

SMALL: dict[str, Any] = {"image_size": (16, 16), "patch_size": 4, "width": 8, "depth": 2, "heads": 2}
NETWORKS: list[dict[str, Any]] = [
    {},
    {"decoder": "linear"},
    {"decoder": "unet"},
    {"attention": "uniform"},
    {"mlp": "none"},
]


@pytest.mark.parametrize("changes", NETWORKS, ids=str)
def test_flops_are_those_that_torch_counts_on_its_meta_device(changes: dict[str, Any]) -> None:
    config = ModelConfig(**SMALL, **changes)
    with torch.device("meta"), torch.no_grad(), FlopCounterMode(display=False) as counter:
        Denoiser(config).eval()(torch.empty(1, 1, 16, 16))
    model, image = Denoiser(config).eval(), torch.zeros(1, 1, 16, 16)
    assert flops_of(model, image) == counter.get_total_flops() > 0
    expected = {name: sum(counts.values()) for name, counts in counter.get_flop_counts().items()}
    assert flops_by_module(model, image) == expected
