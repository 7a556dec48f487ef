"""Decoders from tokens to pixels (notebook, D; Q16, Q17).

B images, C channels, H height, W width, h w the grid of patches, N = h w tokens, D width of a token, p patch.
"""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import torch
from einops.layers.torch import Rearrange
from torch import Tensor, nn

from ablate.denoiser.embedding import grid, init_weights
from ablate.settings import ModelConfig

MIN_CHANNELS = 4
"""The stages halve the channels down to this number, the notebook's, however many stages there are."""

Upsampling = Callable[[int], nn.Module]
"""Makes, for a number of channels, a layer (B, channels, h, w) -> (B, channels, 2h, 2w)."""


class DoubleConv(nn.Sequential):
    """(3 x 3 convolution, BatchNorm, ReLU) twice."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__(
            nn.Conv2d(channels_in, channels_out, 3, padding=1),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
            nn.Conv2d(channels_out, channels_out, 3, padding=1),
            nn.BatchNorm2d(channels_out),
            nn.ReLU(inplace=True),
        )


def transposed(channels: int) -> nn.Module:
    """A transposed convolution, as in the notebook."""
    return nn.ConvTranspose2d(channels, channels, 2, stride=2)


def bilinear(channels: int) -> nn.Module:
    """Bilinear upsampling, which has no parameters."""
    return nn.Upsample(scale_factor=2, mode="bilinear")


def pixelshuffle(channels: int) -> nn.Module:
    """A convolution to four times the channels, which then become pixels (arXiv:1609.05158).

    It is 3 x 3, because with a 1 x 1 convolution it would be the transposed convolution with three more biases.
    """
    return nn.Sequential(nn.Conv2d(channels, 4 * channels, 3, padding=1), nn.PixelShuffle(2))


class Stage(nn.Module):
    """Double the resolution, add the stem's features of that resolution as channels, then convolve."""

    def __init__(self, channels_in: int, channels_out: int, upsampling: Upsampling, skipped: int = 0) -> None:
        super().__init__()
        self.up = upsampling(channels_in)
        self.convolutions = DoubleConv(channels_in + skipped, channels_out)

    def forward(self, x: Tensor, skip: Tensor | None = None) -> Tensor:
        """(B, channels_in, h, w), (B, skipped, 2h, 2w) -> (B, channels_out, 2h, 2w)."""
        x = self.up(x)
        return self.convolutions(x if skip is None else torch.cat([skip, x], dim=1))


class Stem(nn.Module):
    """The contracting path of a U-Net (arXiv:1505.04597) on the input image. `channels` are from coarse to fine."""

    def __init__(self, channels_in: int, channels: Sequence[int]) -> None:
        super().__init__()
        self.pool = nn.MaxPool2d(2)
        self.levels = nn.ModuleList(DoubleConv(*pair) for pair in pairwise([channels_in, *reversed(channels)]))

    def forward(self, image_BCHW: Tensor) -> list[Tensor]:
        """(B, C, H, W) -> features from coarse to fine, the last at the image's own resolution."""
        features: list[Tensor] = []
        for level in self.levels:
            features.insert(0, level(self.pool(features[0]) if features else image_BCHW))
        return features


class SmallConv2d(nn.Conv2d):
    """A convolution that is initialised as the linear layers are, with weights near zero and a bias of zero.

    With torch's initial values, from -0.5 to 0.5 for four channels, a network can start with a constant of ±0.5 added
    to every image. Adam needs hundreds of steps to remove it, since a step moves a bias by at most the learning rate.
    """

    def reset_parameters(self) -> None:
        """Initialise the weights and the bias."""
        init_weights(self.weight)
        if self.bias is not None:
            nn.init.zeros_(self.bias)


HEADS: dict[str, Callable[..., nn.Module]] = {"torch": nn.Conv2d, "small": SmallConv2d}
"""Makes the last convolution of a decoder, by its initial values."""


class ConvolutionalDecoder(nn.Module):
    """Stages that each double the resolution, until a patch is pixels again.

    There are log2(p) stages with D/2, D/4, ... channels, then a 1 x 1 convolution. With a stem, each stage also gets
    features of the input image at its own resolution, as in a U-Net.
    """

    def __init__(self, config: ModelConfig, upsampling: Upsampling = transposed, *, stem: bool = False) -> None:
        super().__init__()
        stages = config.patch_size.bit_length() - 1
        channels = [config.width, *(max(config.width >> stage, MIN_CHANNELS) for stage in range(1, stages + 1))]
        self.to_grid = Rearrange("b (h w) d -> b d h w", h=grid(config)[0])
        self.stem = Stem(config.channels, channels[1:]) if stem and stages else None
        self.stages = nn.ModuleList(
            Stage(coarse, fine, upsampling, skipped=fine if stem else 0) for coarse, fine in pairwise(channels)
        )
        self.head = HEADS[config.head_init](channels[-1], config.channels, 1)

    def forward(self, x_BND: Tensor, image_BCHW: Tensor) -> Tensor:
        """(B, N, D), (B, C, H, W) -> (B, C, H, W)."""
        skips = [None] * len(self.stages) if self.stem is None else self.stem(image_BCHW)
        x = self.to_grid(x_BND)
        for stage, skip in zip(self.stages, skips, strict=True):
            x = stage(x, skip)
        return self.head(x)


class LinearDecoder(nn.Sequential):
    """One linear layer for each patch, (B, N, D) -> (B, C, H, W). The notebook declares this head and never uses it."""

    def __init__(self, config: ModelConfig) -> None:
        patch, rows = config.patch_size, grid(config)[0]
        super().__init__(
            nn.Linear(config.width, config.channels * patch**2),
            Rearrange("b (h w) (c p q) -> b c (h p) (w q)", h=rows, p=patch, q=patch),
        )

    def forward(self, x_BND: Tensor, image_BCHW: Tensor | None = None) -> Tensor:
        """(B, N, D) -> (B, C, H, W); the image is ignored."""
        return super().forward(x_BND)  # type: ignore[no-untyped-call]  # torch's has no types


DECODERS: dict[str, Callable[[ModelConfig], nn.Module]] = {
    "transposed": ConvolutionalDecoder,
    "bilinear": partial(ConvolutionalDecoder, upsampling=bilinear),
    "pixelshuffle": partial(ConvolutionalDecoder, upsampling=pixelshuffle),
    "linear": LinearDecoder,
    "unet": partial(ConvolutionalDecoder, stem=True),
}
