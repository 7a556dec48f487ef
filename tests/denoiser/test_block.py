"""B images, N tokens, D width."""

from typing import get_args

import pytest
import torch
from timm.models.vision_transformer import Block as TimmBlock
from torch import nn

from ablate.denoiser.block import MLP, SKIPS, Block
from ablate.settings import ModelConfig

TOKENS = torch.linspace(-2, 2, 2 * 9 * 8).sin().view(2, 9, 8)


@pytest.fixture(autouse=True)
def weights_from_a_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def block(skip="both", ratio=4.0):
    return Block(ModelConfig(width=8, heads=2, skip=skip, mlp_ratio=ratio))


def closed_form(b, x_BND, skip):
    y_BND = b.attention(b.norm1(x_BND)) + (x_BND if skip in ("both", "attention") else 0)
    return b.mlp(b.norm2(y_BND)) + (y_BND if skip in ("both", "mlp") else 0)


@pytest.mark.parametrize("ratio", [4.0, 2.0])
def test_a_block_with_both_skips_is_timms(ratio):
    ours, timms = block(ratio=ratio), TimmBlock(8, 2, ratio, qkv_bias=True, norm_layer=nn.LayerNorm)
    for mine, theirs in (
        (ours.norm1, timms.norm1),
        (ours.attention.qkv, timms.attn.qkv),
        (ours.attention.projection, timms.attn.proj),
        (ours.norm2, timms.norm2),
        (ours.mlp[0], timms.mlp.fc1),
        (ours.mlp[2], timms.mlp.fc2),
    ):
        theirs.load_state_dict(mine.state_dict())
    torch.testing.assert_close(ours(TOKENS), timms(TOKENS))


@pytest.mark.parametrize("skip", SKIPS)
def test_a_block_has_the_skips_that_it_is_told(skip):
    b = block(skip)
    torch.testing.assert_close(b(TOKENS), closed_form(b, TOKENS, skip))


def test_no_two_skip_variants_are_the_same_function():
    blocks = [block(skip) for skip in SKIPS]
    for b in blocks[1:]:
        b.load_state_dict(blocks[0].state_dict())
    sums = [float(b(TOKENS).detach().square().sum()) for b in blocks]
    assert len(set(sums)) == len(SKIPS)


def test_skips_are_the_choices_of_the_settings():
    assert tuple(SKIPS) == get_args(ModelConfig.model_fields["skip"].annotation)


@pytest.mark.parametrize(("ratio", "hidden"), [(4.0, 32), (1.0, 8), (0.5, 4), (1.3, 10), (0.01, 1)])
def test_the_mlp_ratio_sets_the_hidden_units(ratio, hidden):
    mlp = MLP(ModelConfig(width=8, heads=2, mlp_ratio=ratio))
    assert [tuple(layer.weight.shape) for layer in (mlp[0], mlp[2])] == [(hidden, 8), (8, hidden)]
