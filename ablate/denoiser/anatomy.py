"""The anatomy of a network: measured shapes, parameters, FLOPs and linearity of every part (Q1 to Q19).

Shapes and FLOPs come from a forward pass. Linearity is tested with random inputs.
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
from ablate.denoiser.denoiser import build_denoiser, build_to_count, seeded
from ablate.denoiser.flops import flops_by_module
from ablate.settings import ModelConfig

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Part:
    """A module of the network.

    Its numbers include those of its parts. They are those of a single module, even if `count` is more than 1.

    Attributes:
        name: its name in the part that contains it.
        kind: the name of its class.
        count: how many equal parts follow each other in its place.
        shape: of its output for one image; of the finest output if there are several.
        parameters: number of trainable parameters.
        flops: of the forward pass for one image, a multiply-add counted as two.
        affine: whether it is linear up to a constant, in evaluation mode.
        parts: the modules inside it.
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
        """Iterate over this part and all parts inside it."""
        yield self
        for part in self.parts:
            yield from part

    def __getitem__(self, path: str) -> Part:
        """The part at a dotted path of names.

        Raises:
            KeyError: the network does not have the part.
        """
        for part in self.parts:
            if path == part.name:
                return part
            if path.startswith(f"{part.name}."):
                return part[path.removeprefix(f"{part.name}.")]
        raise KeyError(path)


@dataclass(frozen=True)
class Heads:
    """One attention layer with a certain number of heads (Q9, Q10): its two matrix products for one image.

    Attributes:
        heads: number of heads.
        query, key: shapes of the factors of the first product.
        parameters: of the layer.
        query_key_flops, weight_value_flops: of the two products.
        weights: how many numbers the softmax computes. Only these increase with the number of heads.
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
    """What `ablate describe` shows about a network.

    Attributes:
        input: shape of one image.
        network: the network as a part, with all parts inside it.
        nonlinear: paths of the smallest parts that are not affine. Attention is one of them, although all its layers
            are affine.
        heads: the attention layer with every number of heads that divides the width; empty without softmax.
        skips: shapes of the features of the input image that the decoder takes in, as in a U-Net (Q16).
    """

    input: Shape
    network: Part
    nonlinear: tuple[str, ...]
    heads: tuple[Heads, ...]
    skips: tuple[Shape, ...]


def describe(config: ModelConfig | None = None) -> Anatomy:
    """Measure all parts of a network.

    >>> anatomy = describe(ModelConfig(image_size=(16, 16), width=8, depth=2, heads=2))
    >>> anatomy.network["encoder.blocks"].shape, [row.heads for row in anatomy.heads]
    ((4, 8), [1, 2, 4, 8])
    """
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
    """Measure the network as a tree of parts. Equal parts are measured one by one, and then merged."""
    model = build_to_count(config)
    with _Outputs(model) as outputs:
        flops = flops_by_module(model, torch.zeros(1, config.channels, *config.image_size))
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
    """The modules inside a module. Lists are replaced by their items, and identities are left out."""
    for name, child in module.named_children():
        if isinstance(child, nn.ModuleList):
            yield from ((f"{name}.{index}", item) for index, item in enumerate(child))
        elif not isinstance(child, nn.Identity):
            yield name, child


def _merged(parts: Iterator[Part]) -> Iterator[Part]:
    """Merge parts that follow each other and are equal except for their names into one, with their count."""
    for _, group in groupby(parts, key=lambda part: replace(part, name="")):
        equal = list(group)
        yield replace(equal[0], count=len(equal))


def _skips(network: Part) -> tuple[Shape, ...]:
    """Shapes of what the stages of the decoder take from its stem, from coarse to fine."""
    stems = [part for part in network if part.kind == "Stem"]
    return tuple(level.shape for stem in stems for level in reversed(stem.parts) if level.name.startswith("levels"))


def _nonlinear(part: Part, path: str = "") -> Iterator[str]:
    """Paths of the smallest parts that are not affine."""
    if part.affine:
        return
    inner = [name for child in part.parts for name in _nonlinear(child, f"{path}{child.name}.")]
    yield from inner or [path.rstrip(".")]


class _Outputs:
    """A context in which the inputs and the output shape of each module of a network are recorded."""

    def __init__(self, model: nn.Module) -> None:
        self.model = model
        self.inputs: dict[str, tuple[Any, ...]] = {}
        self.shapes: dict[str, Shape] = {}

    def __enter__(self) -> _Outputs:
        def hook(name: str) -> Callable[..., None]:
            def record(module: nn.Module, inputs: tuple[Any, ...], output: Any) -> None:
                self.inputs[name] = inputs
                self.shapes[name] = tuple((output[-1] if isinstance(output, list) else output).shape[1:])

            return record

        self.handles = [module.register_forward_hook(hook(name)) for name, module in self.model.named_modules()]
        return self

    def __exit__(self, *_: object) -> None:
        for handle in self.handles:
            handle.remove()


@torch.no_grad()
def _affine_modules(config: ModelConfig) -> dict[str, bool]:
    """Whether each module f is affine: whether f((x + y) / 2) is (f(x) + f(y)) / 2 at random inputs x and y.

    A first pass finds the shapes of the inputs. Double precision leaves no doubt between rounding and non-linearity.
    """
    model = build_denoiser(config).double().eval()
    with _Outputs(model) as outputs:
        model(torch.zeros(1, config.channels, *config.image_size, dtype=torch.float64))
    modules = dict(model.named_modules())
    with seeded(0, "anatomy"):
        return {name: _is_affine(modules[name], inputs) for name, inputs in outputs.inputs.items()}


def _is_affine(module: nn.Module, like: tuple[Any, ...]) -> bool:
    def draw() -> list[Any]:
        return [torch.randn_like(x) if isinstance(x, Tensor) else x for x in like]

    def output(inputs: list[Any]) -> Tensor:
        # cloned, because an in-place ReLU would change them
        result = module(*(x.clone() if isinstance(x, Tensor) else x for x in inputs))
        return torch.cat([x.flatten() for x in result]) if isinstance(result, list) else result

    x, y = draw(), draw()
    middle = [(a + b) / 2 if isinstance(a, Tensor) else a for a, b in zip(x, y, strict=True)]
    return torch.allclose(output(middle), (output(x) + output(y)) / 2, rtol=1e-9, atol=1e-9)


def _heads(config: ModelConfig, heads: int) -> Heads:
    """Count the notebook's two products separately."""
    tokens = config.image_size[0] * config.image_size[1] // config.patch_size**2
    with torch.random.fork_rng(devices=[]):
        attention = Attention(config.model_copy(update={"heads": heads}))
    query = value = torch.zeros(heads, tokens, config.width // heads)
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
