"""The whole network, and its initial weights."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from timm.layers import trunc_normal_
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from ablate.denoiser.block import Block
from ablate.denoiser.decoders import DECODERS
from ablate.denoiser.embedding import POSITIONS, PatchEmbedding
from ablate.settings import ModelConfig


class Encoder(nn.Module):
    """Embedding, position, blocks, and a LayerNorm at the end (Q15)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.embedding = PatchEmbedding(config)
        self.position = POSITIONS[config.position](config)
        self.blocks = nn.Sequential(*(Block(config) for _ in range(config.depth)))
        self.norm = nn.LayerNorm(config.width) if config.final_norm else nn.Identity()

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, N, D)."""
        return self.norm(self.blocks(self.position(self.embedding(image_BCHW))))


PREDICTIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "clean": lambda noisy, predicted: predicted,
    "noise": lambda noisy, predicted: noisy - predicted,
}
"""The clean image from the input and what the decoder gives."""


class Denoiser(nn.Module):
    """Encoder and decoder: noisy images in, clean images out, both (B, C, H, W) (Q18)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.encoder = Encoder(config)
        self.decoder = DECODERS[config.decoder](config)
        self.prediction = PREDICTIONS[config.prediction]

    def forward(self, noisy_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H, W)."""
        return self.prediction(noisy_BCHW, self.decoder(self.encoder(noisy_BCHW), noisy_BCHW))


def build_denoiser(config: ModelConfig | None = None, seed: int = 0) -> Denoiser:
    """Build the network on the CPU; the initial value of a parameter is a function of (seed, its name).

    So arms that share a part start it alike, whatever else differs between them. torch's generator is left as it was.
    """
    with torch.random.fork_rng(devices=[]):
        model = Denoiser(config or ModelConfig())
    for name, module in model.named_modules():
        with seeded(seed, name):
            _reset(module)
    return model


def _reset(module: nn.Module) -> None:
    """The notebook's initialisation: truncated normal for linear weights, zero for their biases, else torch's own."""
    if isinstance(module, nn.Linear):
        trunc_normal_(module.weight, std=0.02)
        nn.init.zeros_(module.bias)
    elif callable(reset := getattr(module, "reset_parameters", None)):
        reset()


@contextmanager
def seeded(seed: int, name: str) -> Iterator[None]:
    """Torch's CPU generator, forked and seeded from (seed, name); afterwards it is what it was."""
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(int.from_bytes(digest[:8], "big", signed=True))  # and no GPU's
        yield


def count_parameters(config: ModelConfig) -> int:
    """Trainable parameters (Q19)."""
    return sum(parameter.numel() for parameter in on_meta(config).parameters() if parameter.requires_grad)


def count_flops(config: ModelConfig) -> int:
    """Forward FLOPs per image, a multiply-add counted as two.

    Counted on the meta device: on the CPU torch counts `scaled_dot_product_attention` as nothing.
    """
    image = torch.empty(1, config.channels, *config.image_size, device="meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        on_meta(config)(image)
    return counter.get_total_flops()


def on_meta(config: ModelConfig) -> Denoiser:
    """The network without its numbers, in evaluation: for counting."""
    with torch.device("meta"):
        return Denoiser(config).eval()
