from typing import Any

import pytest
import torch
from torch import Tensor, nn, optim

from ablate.training.eager import eager
from ablate.training.recipes import OPTIMISERS


def steps(optimiser: optim.Optimizer, layer: nn.Linear, count: int) -> None:
    for _ in range(count):
        optimiser.zero_grad()
        layer(torch.ones(1, 3)).square().sum().backward()
        optimiser.step()


def trained(kind: Any) -> list[Tensor]:
    """Weights and state after six steps, with two groups of parameters, by an optimiser that was saved halfway."""
    torch.manual_seed(0)
    layer = nn.Linear(3, 3)
    saved: dict[str, Any] = {}
    for count in (4, 2):
        optimiser = kind([layer.weight], lr=0.1, fused=True)
        optimiser.add_param_group({"params": [layer.bias], "lr": 0.01})
        if saved:
            optimiser.load_state_dict(saved)
        steps(optimiser, layer, count)
        saved = optimiser.state_dict()
    return [layer.weight, layer.bias, *(value for state in saved["state"].values() for value in state.values())]


@pytest.mark.parametrize("kind", [optim.Adam, optim.AdamW])
def test_an_eager_optimiser_makes_the_same_steps(kind: type[optim.Optimizer]) -> None:
    assert all(torch.equal(ours, theirs) for ours, theirs in zip(trained(eager(kind)), trained(kind), strict=True))


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_step_of_an_eager_optimiser_can_be_hooked_and_scheduled(name: str) -> None:
    layer = nn.Linear(3, 3)
    optimiser = OPTIMISERS[name](layer.parameters(), lr=0.1)
    seen: list[float] = []
    optimiser.register_step_post_hook(lambda own, args, words: seen.append(own.param_groups[0]["lr"]))
    schedule = optim.lr_scheduler.LambdaLR(optimiser, lambda step: 0.5**step)
    for _ in range(3):
        steps(optimiser, layer, 1)
        schedule.step()
    assert seen == [0.1, 0.05, 0.025]
