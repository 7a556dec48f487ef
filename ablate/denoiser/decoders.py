"""Tokens -> pixels (notebook, D; Q16, Q17).

B images, C channels, H height, W width, h w the grid of patches, N = h w tokens, D width of a token, p patch.
"""

from collections.abc import Callable
from itertools import pairwise

from einops.layers.torch import Rearrange
from torch import Tensor, nn

from ablate.settings import ModelConfig

MIN_CHANNELS = 4
"""Stages halve the channels down to the notebook's last number, whatever the patch."""


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


class TransposedDecoder(nn.Module):
    """The notebook's: transposed convolutions, each doubling the resolution, until a patch is pixels again.

    log2(p) stages with channels D/2, D/4, ..., then a 1 x 1 convolution.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        stages = config.patch_size.bit_length() - 1
        channels = [config.width, *(max(config.width >> stage, MIN_CHANNELS) for stage in range(1, stages + 1))]
        self.to_grid = Rearrange("b (h w) d -> b d h w", h=config.image_size[0] // config.patch_size)
        self.stages = nn.Sequential(*(Stage(*pair) for pair in pairwise(channels)))
        self.head = nn.Conv2d(channels[-1], config.channels, 1)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, C, H, W)."""
        return self.head(self.stages(self.to_grid(x_BND)))


class Stage(nn.Module):
    """Double the resolution, then convolve."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(channels_in, channels_in, 2, stride=2)
        self.convolutions = DoubleConv(channels_in, channels_out)

    def forward(self, x: Tensor) -> Tensor:
        """(B, channels_in, h, w) -> (B, channels_out, 2h, 2w)."""
        return self.convolutions(self.up(x))


class LinearDecoder(nn.Sequential):
    """One linear layer a patch, (B, N, D) -> (B, C, H, W): the head that the notebook declares and never uses."""

    def __init__(self, config: ModelConfig) -> None:
        patch, rows = config.patch_size, config.image_size[0] // config.patch_size
        super().__init__(
            nn.Linear(config.width, config.channels * patch**2),
            Rearrange("b (h w) (c p q) -> b c (h p) (w q)", h=rows, p=patch, q=patch),
        )


DECODERS: dict[str, Callable[[ModelConfig], nn.Module]] = {"transposed": TransposedDecoder, "linear": LinearDecoder}
