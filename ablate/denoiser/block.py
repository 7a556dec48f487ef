"""One block of the encoder (notebook, C; Q14 asks for the skip connections of arXiv:2010.11929, figure 1)."""

from torch import Tensor, nn

from ablate.denoiser.attention import Attention
from ablate.settings import ModelConfig

SKIPS: dict[str, tuple[bool, bool]] = {
    "both": (True, True),
    "attention": (True, False),
    "mlp": (False, True),
    "none": (False, False),
}
"""Which of the two layers of a block has a skip connection around it: attention, MLP."""


class MLP(nn.Sequential):
    """Two linear layers around a GELU, applied to each token (Q11, Q12)."""

    def __init__(self, config: ModelConfig) -> None:
        hidden = max(1, round(config.mlp_ratio * config.width))
        super().__init__(nn.Linear(config.width, hidden), nn.GELU(), nn.Linear(hidden, config.width))


class Block(nn.Module):
    """LayerNorm, attention, LayerNorm, MLP, with or without a skip connection around each layer."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.skip_attention, self.skip_mlp = SKIPS[config.skip]
        self.norm1 = nn.LayerNorm(config.width)
        self.attention = Attention(config)
        self.norm2 = nn.LayerNorm(config.width)
        self.mlp = MLP(config)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        y_BND = self.attention(self.norm1(x_BND))
        x_BND = x_BND + y_BND if self.skip_attention else y_BND
        y_BND = self.mlp(self.norm2(x_BND))
        return x_BND + y_BND if self.skip_mlp else y_BND
