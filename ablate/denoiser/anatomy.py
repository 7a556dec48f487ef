"""The network taken apart: shapes, parameters, FLOPs and linearity of every part, as measured (Q1 to Q19).

Shapes and FLOPs come from a pass on the meta device, which computes nothing; linearity from a pass of random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ablate.denoiser.attention import Attention
from ablate.denoiser.denoiser import build_denoiser, on_meta, seeded
from ablate.settings import ModelConfig

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A module of the network; its numbers include those of its parts and count it once, however often it is repeated.

    Attributes:
        name: its name in the part that holds it.
        kind: its class.
        count: how many parts in a row are like it.
        shape: of its output for one image; of the finest output where there are several.
        parameters: trainable ones.
        flops: of the forward pass for one image, a multiply-add counted as two.
        affine: whether it is linear up to a constant, in evaluation.
    """

    name: str
    kind: str
    count: int
    shape: Shape
    parameters: int
    flops: int
    affine: bool
    parts: tuple[Part, ...]

    def __iter__(self) -> Iterator[Part]:
        """This part and all below it."""
        yield self
        for part in self.parts:
            yield from part

    def __getitem__(self, path: str) -> Part:
        """The part of a dotted path of names.

        Raises:
            KeyError: there is none.
        """
        for part in self.parts:
            if path == part.name:
                return part
            if path.startswith(f"{part.name}."):
                return part[path.removeprefix(f"{part.name}.")]
        raise KeyError(path)


@dataclass(frozen=True)
class Heads:
    """One attention layer with some number of heads (Q9, Q10): the two products of one image, and what they cost.

    `weights` is how many numbers the softmax gives: the only one that grows with the heads.
    """

    heads: int
    query: Shape
    key: Shape
    parameters: int
    query_key_flops: int
    weight_value_flops: int
    weights: int


@dataclass(frozen=True)
class Anatomy:
    """What `ablate describe` tells of a network.

    Attributes:
        input: shape of one image.
        network: the whole, with its parts.
        nonlinear: paths of the smallest parts that are not affine; attention is one, though its layers all are.
        heads: the attention layer with every number of heads that divides the width; none without softmax.
        skips: shapes of what the decoder takes from the input image on its way up, as a U-Net does (Q16).
    """

    input: Shape
    network: Part
    nonlinear: tuple[str, ...]
    heads: tuple[Heads, ...]
    skips: tuple[Shape, ...]


def describe(config: ModelConfig | None = None) -> Anatomy:
    """Take a network apart."""
    config = config or ModelConfig()
    network = _dissect(config)
    divisors = [heads for heads in range(1, config.width + 1) if config.width % heads == 0]
    return Anatomy(
        input=(config.channels, *config.image_size),
        network=network,
        nonlinear=tuple(_nonlinear(network)),
        heads=tuple(_heads(config, heads) for heads in divisors) if config.attention == "softmax" else (),
        skips=_skips(network),
    )


def _dissect(config: ModelConfig) -> Part:
    """The tree of parts. A part that is alike but for its place is measured once for each place."""
    model = on_meta(config)
    with torch.no_grad(), FlopCounterMode(display=False) as counter, _Outputs(model) as outputs:
        model(torch.empty(1, config.channels, *config.image_size, device="meta"))
    flops = {name: sum(ops.values()) for name, ops in counter.get_flop_counts().items()}
    affine = _affine_modules(config)

    def part(name: str, path: str, module: nn.Module) -> Part:
        inner = (part(child, f"{path}.{child}" if path else child, m) for child, m in _children(module))
        return Part(
            name=name,
            kind=type(module).__name__,
            count=1,
            shape=outputs.shapes[path],
            parameters=sum(p.numel() for p in module.parameters() if p.requires_grad),
            flops=flops.get(f"Denoiser.{path}" if path else "Denoiser", 0),
            affine=affine[path],
            parts=tuple(_merged(inner)),
        )

    return part("denoiser", "", model)


def _children(module: nn.Module) -> Iterator[tuple[str, nn.Module]]:
    """What a module is made of; lists are no parts of their own, and what does nothing is not there."""
    for name, child in module.named_children():
        if isinstance(child, nn.ModuleList):
            yield from ((f"{name}.{index}", item) for index, item in enumerate(child))
        elif not isinstance(child, nn.Identity):
            yield name, child


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    """Parts that follow each other and are alike but for their names become one, with their count."""
    for _, run in groupby(parts, key=lambda part: replace(part, name="")):
        alike = list(run)
        yield replace(alike[0], count=len(alike))


def _skips(network: Part) -> tuple[Shape, ...]:
    """What each stage of the decoder takes from its stem, from coarse to fine."""
    stems = [part for part in network if part.kind == "Stem"]
    return tuple(level.shape for stem in stems for level in reversed(stem.parts) if level.name.startswith("levels"))


def _nonlinear(part: Part, path: str = "") -> Iterator[str]:
    """The smallest parts that are not affine."""
    if part.affine:
        return
    inner = [name for child in part.parts for name in _nonlinear(child, f"{path}{child.name}.")]
    yield from inner or [path.rstrip(".")]


class _Outputs:
    """Within its context, notes what goes through each module of a network."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.inputs: dict[str, tuple[Any, ...]] = {}
        self.shapes: dict[str, Shape] = {}

    def __enter__(self) -> _Outputs:
        def hook(name: str) -> Callable[..., None]:
            def note(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
                self.inputs[name] = inputs
                self.shapes[name] = tuple((output[-1] if isinstance(output, list) else output).shape[1:])

            return note

        self.handles = [module.register_forward_hook(hook(name)) for name, module in self.model.named_modules()]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()


@torch.no_grad()
def _affine_modules(config: ModelConfig) -> dict[str, bool]:
    """Whether f((x + y) / 2) is (f(x) + f(y)) / 2, for each module, at random inputs of the shapes that it meets."""
    model = build_denoiser(config).double().eval()
    with _Outputs(model) as seen:
        model(torch.zeros(1, config.channels, *config.image_size, dtype=torch.float64))
    modules = dict(model.named_modules())
    with seeded(0, "anatomy"):
        return {name: _is_affine(modules[name], inputs) for name, inputs in seen.inputs.items()}


def _is_affine(module: nn.Module, like: tuple[Any, ...]) -> bool:
    def drawn() -> list[Any]:
        return [torch.randn_like(x) if isinstance(x, Tensor) else x for x in like]

    def output(inputs: list[Any]) -> Tensor:
        # cloned, since an in-place ReLU would write into them
        found = module(*(x.clone() if isinstance(x, Tensor) else x for x in inputs))
        return torch.cat([x.flatten() for x in found]) if isinstance(found, list) else found

    x, y = drawn(), drawn()
    middle = [(a + b) / 2 if isinstance(a, Tensor) else a for a, b in zip(x, y, strict=True)]
    return torch.allclose(output(middle), (output(x) + output(y)) / 2, rtol=1e-9, atol=1e-9)


def _heads(config: ModelConfig, heads: int) -> Heads:
    """The notebook's two products, done on the meta device with their own shapes."""
    tokens = config.image_size[0] * config.image_size[1] // config.patch_size**2
    with torch.device("meta"):
        attention = Attention(config.model_copy(update={"heads": heads}))
        query = value = torch.empty(heads, tokens, config.width // heads)
        key = query.transpose(-2, -1)
    with FlopCounterMode(display=False) as first:
        weights = query @ key
    with FlopCounterMode(display=False) as second:
        weights @ value
    return Heads(
        heads=heads,
        query=tuple(query.shape),
        key=tuple(key.shape),
        parameters=sum(p.numel() for p in attention.parameters()),
        query_key_flops=first.get_total_flops(),
        weight_value_flops=second.get_total_flops(),
        weights=weights.numel(),
    )
