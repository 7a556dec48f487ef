"""The layers of the network that a setting makes, and the parameters and FLOPs of those that are a user's own."""

from __future__ import annotations

import re
from typing import NamedTuple

import torch

from ablate.denoiser.denoiser import build_to_count
from ablate.denoiser.flops import flops_by_module
from ablate.settings import ModelConfig
from ablate.variants.choices import Variant

LAYERS = {
    r"encoder\.position": "model.position",
    r"encoder\.blocks\.\d+\.attention": "model.attention",
    r"encoder\.blocks\.\d+\.mlp": "model.mlp",
    r"encoder\.blocks\.\d+\.norm\d": "model.norm",
    r"encoder\.blocks\.\d+": "model.skip",
    r"decoder": "model.decoder",
    r"": "model.prediction",
}
"""The modules of the network whose outputs have the same shape whatever is chosen, each with the setting that makes
them."""


class OwnLayers(NamedTuple):
    """The modules of a network that one of the user's own parts makes, all together.

    Attributes:
        part: the part.
        number: how many there are.
        parameters: number of their trainable parameters.
        flops: of their forward passes for one image, a multiply-add counted as two.
    """

    part: Variant
    number: int
    parameters: int
    flops: int


def place_of(module: str) -> str | None:
    """The setting that makes a module of the network, given by its path; None for those inside such modules.

    >>> place_of("encoder.blocks.3.mlp")
    'model.mlp'
    """
    return next((place for pattern, place in LAYERS.items() if re.fullmatch(pattern, module)), None)


def count_own_layers(config: ModelConfig) -> list[OwnLayers]:
    """Count the parameters and FLOPs of each of the user's own parts that is a layer of the network."""
    parts = {value.place: value for _, value in config if isinstance(value, Variant)}
    if not parts:
        return []
    model = build_to_count(config)
    flops = flops_by_module(model, torch.zeros(1, config.channels, *config.image_size))
    layers = {place: [name for name, _ in model.named_modules() if _place_of_layer(name) == place] for place in parts}
    return [
        OwnLayers(
            parts[place],
            len(names),
            sum(p.numel() for name in names for p in model.get_submodule(name).parameters() if p.requires_grad),
            sum(flops.get(f"Denoiser.{name}", 0) for name in names),
        )
        for place, names in layers.items()
        if names
    ]


def _place_of_layer(module: str) -> str | None:
    """The setting that makes a module. A skip connection is a module of its own only if it is the user's."""
    if re.fullmatch(r"encoder\.blocks\.\d+\.skip_(attention|mlp)", module):
        return "model.skip"
    place = place_of(module)
    return None if place in ("model.skip", "model.prediction") else place
