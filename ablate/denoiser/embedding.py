"""From images to tokens (notebook, A). B images, C channels, H height, W width, N tokens, D width of a token."""

import math
from collections.abc import Callable

import torch
from einops import rearrange
from torch import Tensor, nn

from ablate.settings import ModelConfig


def grid(config: ModelConfig) -> tuple[int, int]:
    """The number of rows and of columns of patches."""
    height, width = config.image_size
    return height // config.patch_size, width // config.patch_size


def init_weights(weights: Tensor) -> Tensor:
    """Initialise weights as the notebook does, in place: truncated normal, with a standard deviation of 0.02.

    They are drawn by the inverse of the distribution function, with the same values as `timm.layers.trunc_normal_`,
    whose import takes a second. `torch.nn.init.trunc_normal_` draws other values.
    """
    with torch.no_grad():
        return weights.uniform_(-1, 1).erfinv_().mul_(0.02 * math.sqrt(2)).clamp_(-2, 2)


class PatchEmbedding(nn.Module):
    """Cut the image into patches and project each, by one strided convolution (Q2 to Q4)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.projection = nn.Conv2d(config.channels, config.width, config.patch_size, stride=config.patch_size)

    def forward(self, image_BCHW: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, N, D)."""
        return rearrange(self.projection(image_BCHW), "b d h w -> b (h w) d")


class LearnedPosition(nn.Module):
    """Add to each token a learned vector that says where its patch was (Q5)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        rows, columns = grid(config)
        self.table = nn.Parameter(torch.empty(1, rows * columns, config.width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Initialise as the notebook does."""
        init_weights(self.table)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return x_BND + self.table


class SinCosPosition(nn.Module):
    """Add sines and cosines of each token's row and column (arXiv:2205.01580, after arXiv:1706.03762)."""

    table: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        from timm.layers import build_sincos2d_pos_embed  # takes a second, and few runs need it

        table = build_sincos2d_pos_embed(list(grid(config)), config.width)
        self.register_buffer("table", table[None], persistent=False)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return x_BND + self.table


def no_position(config: ModelConfig) -> nn.Module:
    """Leave the tokens unchanged, so that the encoder treats them as a set."""
    return nn.Identity()


POSITIONS: dict[str, Callable[[ModelConfig], nn.Module]] = {
    "learned": LearnedPosition,
    "sincos": SinCosPosition,
    "none": no_position,
}
