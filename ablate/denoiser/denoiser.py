"""The network, its initial weights, and the count of its parameters and FLOPs."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache

import torch
from torch import Tensor, nn

from ablate.denoiser.block import Block
from ablate.denoiser.decoders import DECODERS
from ablate.denoiser.embedding import POSITIONS, PatchEmbedding, init_weights
from ablate.denoiser.flops import flops_of
from ablate.settings import ModelConfig
from ablate.variants.choices import choose


class Encoder(nn.Module):
    """Patch embedding, position, blocks, and a LayerNorm at the end (Q15)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embedding = PatchEmbedding(config)
        self.position = choose(POSITIONS, config.position)(config)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.depth)))
        self.norm = nn.LayerNorm(config.width) if config.final_norm else nn.Identity()

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, N, D)."""
        return self.norm(self.blocks(self.position(self.embedding(image_BCHW))))


PREDICTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "clean": lambda noisy, predicted: predicted,
    "noise": lambda noisy, predicted: noisy - predicted,
}
"""Compute the clean image from the noisy input and the output of the decoder."""


class Denoiser(nn.Module):
    """Encoder and decoder: noisy images in, clean images out, both (B, C, H, W) (Q18).

    >>> import torch
    >>> model = Denoiser(ModelConfig(depth=1, channels=3))
    >>> tuple(model(torch.zeros(2, 3, 64, 64)).shape)
    (2, 3, 64, 64)
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = choose(DECODERS, config.decoder)(config)
        self.prediction = choose(PREDICTIONS, config.prediction)

    def forward(self, noisy_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return self.prediction(noisy_BCHW, self.decoder(self.encoder(noisy_BCHW), noisy_BCHW))


def build_denoiser(config: ModelConfig | None = None, seed: int = 0) -> Denoiser:
    """Build the network on the CPU. The initial values of a layer depend only on the seed and the layer's name.

    So networks that have a layer in common start with the same values in it, whatever else differs between them.
    Torch's random generator is left unchanged.

    >>> import ablate
    >>> four, eight = (ablate.build_denoiser(ablate.ModelConfig(heads=heads)) for heads in (4, 8))
    >>> bool((four.encoder.position.table == eight.encoder.position.table).all())
    True
    """
    with torch.random.fork_rng(devices=[]):  # the constructors draw values too, which are replaced below
        model = Denoiser(config or ModelConfig())
    for name, module in model.named_modules():
        with seeded(seed, name):
            _reset(module)
    return model


def _reset(module: nn.Module) -> None:
    """Initialise as the notebook does: linear weights truncated normal, their biases zero, all else as in torch."""
    if isinstance(module, nn.Linear):
        init_weights(module.weight)
        nn.init.zeros_(module.bias)
    elif callable(reset := getattr(module, "reset_parameters", None)):
        reset()


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """A context in which torch's CPU generator is seeded from (seed, name). Afterwards its old state is restored."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(
            int.from_bytes(digest[:8], "big", signed=True)
        )  # unlike torch.manual_seed, leaves GPUs alone
        yield


@lru_cache(maxsize=256)
def count_parameters(config: ModelConfig) -> int:
    """The number of trainable parameters (Q19).

    >>> count_parameters(ModelConfig())
    171317
    """
    return sum(parameter.numel() for parameter in build_to_count(config).parameters() if parameter.requires_grad)


@lru_cache(maxsize=256)
def count_flops(config: ModelConfig) -> int:
    """Forward FLOPs per image, a multiply-add counted as two.

    >>> count_flops(ModelConfig())
    37650432
    """
    return flops_of(build_to_count(config), torch.zeros(1, config.channels, *config.image_size))


def build_to_count(config: ModelConfig) -> Denoiser:
    """Build the network in evaluation mode, to count things: its initial values belong to no seed.

    It is not built on torch's meta device, for which torch would import its compiler. Torch's random generator is left
    unchanged.
    """
    with torch.random.fork_rng(devices=[]):
        return Denoiser(config).eval()
