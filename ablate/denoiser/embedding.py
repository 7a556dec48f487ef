"""Image -> tokens (notebook, A). B images, C channels, H height, W width, N tokens, D width of a token."""

import torch
from einops import rearrange
from timm.layers import trunc_normal_
from torch import Tensor, nn

from ablate.settings import ModelConfig


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
        height, width = (side // config.patch_size for side in config.image_size)
        self.table = nn.Parameter(torch.empty(1, height * width, config.width))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Start as the notebook does."""
        trunc_normal_(self.table, std=0.02)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return x_BND + self.table
