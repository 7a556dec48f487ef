"""Linear attention, a part for linear_attention.yaml."""

from typing import Literal

import torch
import torch.nn.functional as F
from einops import rearrange
from pydantic import BaseModel
from torch import Tensor, nn

import ablate


class LinearSettings(BaseModel):
    """The settings of linear attention: `parts.linear.features` in a study."""

    features: Literal["elu", "relu"] = "elu"


@ablate.variant("model.attention", "linear", settings=LinearSettings)
class LinearAttention(nn.Module):
    """Attention whose cost grows with the number of tokens, not with its square (arXiv:2006.16236).

    Its weights are f(q) f(k), divided by their sum over the keys, where softmax attention has exp(q k / sqrt(E)). As
    f(q) is a common factor, the sums over the keys are computed once for all queries. f is positive: elu(x) + 1, as in
    the paper, or relu(x).
    """

    def __init__(self, config: ablate.ModelConfig, settings: LinearSettings) -> None:
        super().__init__()
        self.heads, self.features = config.heads, settings.features
        self.qkv = nn.Linear(config.width, 3 * config.width)
        self.projection = nn.Linear(config.width, config.width)

    def forward(self, x_BND: Tensor) -> Tensor:
        """(B, N, D) -> (B, N, D)."""
        q, k, v = rearrange(self.qkv(x_BND), "b n (three k e) -> three b k n e", three=3, k=self.heads)
        q, k = self.positive(q), self.positive(k)
        sums = torch.einsum("bkne,bknf->bkef", k, v)
        total = torch.einsum("bkne,bke->bkn", q, k.sum(dim=2)) + 1e-6  # with relu, it can be zero
        y = torch.einsum("bkne,bkef->bknf", q, sums) / total[..., None]
        return self.projection(rearrange(y, "b k n e -> b n (k e)"))

    def positive(self, x: Tensor) -> Tensor:
        """The map f of queries and keys to numbers that are not negative."""
        return F.elu(x) + 1 if self.features == "elu" else F.relu(x)
