"""Multi-head self-attention (notebook, B). B images, N tokens, D width, K heads, E width of a head."""

from collections.abc import Callable

import torch.nn.functional as F
from einops import rearrange
from torch import Tensor, nn

from ablate.settings import ModelConfig


class Attention(nn.Module):
    """Each token takes a mean of the values of all tokens, weighted by softmax(q k / sqrt(E)).

    The number of heads K does not change the number of parameters (Q9).
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.heads = config.heads
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.projection = nn.Linear(config.width, config.width)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        q_BKNE, k_BKNE, v_BKNE = rearrange(self.qkv(x_BND), "b n (three k e) -> three b k n e", three=3, k=self.heads)
        y_BKNE = F.scaled_dot_product_attention(q_BKNE, k_BKNE, v_BKNE)
        return self.projection(rearrange(y_BKNE, "b k n e -> b n (k e)"))


class UniformAttention(nn.Module):
    """Each token takes the plain average of all values, as `Attention` does if all queries are zero.

    Nothing is compared, so there are no queries and keys, and the number of heads makes no difference.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.value = nn.Linear(config.width, config.width)
        self.projection = nn.Linear(config.width, config.width)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        return self.projection(self.value(x_BND).mean(dim=1, keepdim=True)).expand_as(x_BND)


ATTENTIONS: dict[str, Callable[[ModelConfig], nn.Module] | None] = {
    "softmax": Attention,
    "uniform": UniformAttention,
    "none": None,
}
