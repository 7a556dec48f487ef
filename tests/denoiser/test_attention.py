"""B images, N tokens, D width."""

from collections.abc import Iterator
from typing import Any, get_args

import pytest
import torch
from timm.models.vision_transformer import Attention as TimmAttention
from torch import Tensor

from ablate.denoiser.attention import ATTENTIONS, Attention, UniformAttention
from ablate.settings import ModelConfig


@pytest.fixture(autouse=True)
def weights_from_a_seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def tokens(width: int) -> Tensor:
    return torch.randn(2, 9, width)


def copied(attention: Attention, config: ModelConfig) -> Any:
    """timm's attention with our weights."""
    timms = TimmAttention(config.width, config.heads, qkv_bias=True)
    timms.qkv.load_state_dict(attention.qkv.state_dict())
    timms.proj.load_state_dict(attention.projection.state_dict())
    return timms


@pytest.mark.parametrize("heads", [1, 2, 4, 8, 16, 32])
def test_attention_has_4224_parameters_for_any_number_of_heads(heads: int) -> None:
    assert sum(p.numel() for p in Attention(ModelConfig(heads=heads)).parameters()) == 4_224


@pytest.mark.parametrize(("width", "heads"), [(32, 4), (32, 1), (32, 32), (8, 2), (12, 3)])
def test_attention_is_timms(width: int, heads: int) -> None:
    config = ModelConfig(width=width, heads=heads)
    attention = Attention(config)
    x_BND = tokens(width)
    torch.testing.assert_close(attention(x_BND), copied(attention, config)(x_BND))


def test_the_number_of_heads_changes_the_output() -> None:
    one, four = (Attention(ModelConfig(heads=heads)) for heads in (1, 4))
    four.load_state_dict(one.state_dict())
    x_BND = tokens(32)
    assert not torch.allclose(one(x_BND), four(x_BND), atol=1e-4)


def test_attention_permutes_with_its_tokens() -> None:
    attention, x_BND, order = Attention(ModelConfig()), tokens(32), torch.tensor([3, 1, 4, 0, 5, 8, 2, 6, 7])
    torch.testing.assert_close(attention(x_BND[:, order]), attention(x_BND)[:, order])


def test_images_of_a_batch_do_not_see_each_other() -> None:
    attention, x_BND = Attention(ModelConfig()), tokens(32)
    torch.testing.assert_close(attention(x_BND)[:1], attention(x_BND[:1]))


def test_uniform_attention_is_timms_where_no_query_prefers_a_key() -> None:
    config = ModelConfig()
    uniform, timms = UniformAttention(config), TimmAttention(32, 4, qkv_bias=True).requires_grad_(False)
    for own, theirs in ((uniform.value.weight, timms.qkv.weight), (uniform.value.bias, timms.qkv.bias)):
        theirs[: 2 * 32] = 0  # queries and keys
        theirs[2 * 32 :] = own
    timms.proj.load_state_dict(uniform.projection.state_dict())
    x_BND = tokens(32)
    torch.testing.assert_close(uniform(x_BND), timms(x_BND))


def test_attentions_are_the_choices_of_the_settings() -> None:
    assert tuple(ATTENTIONS) == get_args(ModelConfig.model_fields["attention"].annotation)
