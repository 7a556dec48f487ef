"""One block of the encoder (notebook, C). Q14 asks for the skip connections of arXiv:2010.11929, figure 1."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from ablate.denoiser.attention import ATTENTIONS
from ablate.settings import ModelConfig

SKIPS: dict[str, tuple[bool, bool]] = {
    "both": (True, True),
    "attention": (True, False),
    "mlp": (False, True),
    "none": (False, False),
}
"""Which of the two layers of a block has a skip connection around it: attention, MLP."""


class MLP(nn.Sequential):
    """Two linear layers around an activation, applied to each token (Q11, Q12)."""

    def __init__(self, config: ModelConfig, activation: Callable[[], nn.Module] = nn.GELU) -> None:
        hidden = max(1, round(config.mlp_ratio * config.width))
        super().__init__(nn.Linear(config.width, hidden), activation(), nn.Linear(hidden, config.width))


MLPS: dict[str, Callable[[ModelConfig], nn.Module] | None] = {
    "gelu": MLP,
    "relu": partial(MLP, activation=nn.ReLU),
    "none": None,
}

Step = Callable[[nn.Module, nn.Module, Tensor, bool], Tensor]


def _pre(layer: nn.Module, norm: nn.Module, x: Tensor, skip: bool) -> Tensor:
    y = layer(norm(x))
    return x + y if skip else y


def _post(layer: nn.Module, norm: nn.Module, x: Tensor, skip: bool) -> Tensor:
    y = layer(x)
    return norm(x + y if skip else y)


NORMS: dict[str, tuple[Callable[[int], nn.Module], Step]] = {
    "pre": (nn.LayerNorm, _pre),
    "post": (nn.LayerNorm, _post),
    "none": (lambda width: nn.Identity(), _pre),
}
"""How a layer gets its norm and its skip connection: `pre` as in the ViT paper, `post` as in arXiv:1706.03762."""


class Block(nn.Module):
    """LayerNorm, attention, LayerNorm, MLP, with or without a skip connection around each layer.

    A layer that is removed is removed together with its norm and its skip connection: the tokens are passed on
    unchanged.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.skip_attention, self.skip_mlp = SKIPS[config.skip]
        make_norm, self.step = NORMS[config.norm]
        if make_attention := ATTENTIONS[config.attention]:
            self.norm1 = make_norm(config.width)
            self.attention = make_attention(config)
        if make_mlp := MLPS[config.mlp]:
            self.norm2 = make_norm(config.width)
            self.mlp = make_mlp(config)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        if hasattr(self, "attention"):
            x_BND = self.step(self.attention, self.norm1, x_BND, self.skip_attention)
        if hasattr(self, "mlp"):
            x_BND = self.step(self.mlp, self.norm2, x_BND, self.skip_mlp)
        return x_BND
