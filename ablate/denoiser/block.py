"""One block of the encoder (notebook, C). Q14 asks for the skip connections of arXiv:2010.11929, figure 1."""

from collections.abc import Callable
from functools import partial

from torch import Tensor, nn

from ablate.denoiser.attention import ATTENTIONS
from ablate.settings import ModelConfig
from ablate.variants.choices import choose

Skip = Callable[[Tensor, Tensor], Tensor]
"""Joins a layer's input and its output."""


def _add(x: Tensor, y: Tensor) -> Tensor:
    return x + y


def _leave(x: Tensor, y: Tensor) -> Tensor:
    return y


SKIPS: dict[str, tuple[Skip, Skip]] = {
    "both": (_add, _add),
    "attention": (_add, _leave),
    "mlp": (_leave, _add),
    "none": (_leave, _leave),
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

Step = Callable[[nn.Module, nn.Module, Tensor, Skip], Tensor]
MakeNorm = Callable[[int], nn.Module]


def _pre(layer: nn.Module, norm: nn.Module, x: Tensor, skip: Skip) -> Tensor:
    return skip(x, layer(norm(x)))


def _post(layer: nn.Module, norm: nn.Module, x: Tensor, skip: Skip) -> Tensor:
    return norm(skip(x, layer(x)))


NORMS: dict[str, tuple[MakeNorm, Step]] = {
    "pre": (nn.LayerNorm, _pre),
    "post": (nn.LayerNorm, _post),
    "none": (lambda width: nn.Identity(), _pre),
}
"""How a layer gets its norm and its skip connection: `pre` as in the ViT paper, `post` as in arXiv:1706.03762."""


def _make_skips(config: ModelConfig) -> tuple[Skip, Skip]:
    """The skip connections around the two layers. One of a user's own is made for each of them."""
    chosen = choose(SKIPS, config.skip)
    return chosen if isinstance(chosen, tuple) else (chosen(config), chosen(config))


def _choose_norm(config: ModelConfig) -> tuple[MakeNorm, Step]:
    """The norm and its place. One of a user's own comes before each layer, as `pre` does."""
    chosen = choose(NORMS, config.norm)
    return chosen if isinstance(chosen, tuple) else (chosen, _pre)


class Block(nn.Module):
    """LayerNorm, attention, LayerNorm, MLP, with or without a skip connection around each layer.

    A layer that is removed is removed together with its norm and its skip connection: the tokens are passed on
    unchanged.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        skips = _make_skips(config)
        make_norm, self.step = _choose_norm(config)
        if make_attention := choose(ATTENTIONS, config.attention):
            self.norm1 = make_norm(config.width)
            self.attention = make_attention(config)
            self.skip_attention = skips[0]
        if make_mlp := choose(MLPS, config.mlp):
            self.norm2 = make_norm(config.width)
            self.mlp = make_mlp(config)
            self.skip_mlp = skips[1]

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        if hasattr(self, "attention"):
            x_BND = self.step(self.attention, self.norm1, x_BND, self.skip_attention)
        if hasattr(self, "mlp"):
            x_BND = self.step(self.mlp, self.norm2, x_BND, self.skip_mlp)
        return x_BND
