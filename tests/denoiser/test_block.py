"""B images, N tokens, D width."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, get_args

import pytest
import torch
from timm.models.vision_transformer import Block as TimmBlock
from torch import Tensor, nn
from torch.nn.functional import gelu

from ablate.denoiser.block import MLP, MLPS, NORMS, SKIPS, Block
from ablate.settings import ModelConfig

TOKENS = torch.linspace(-2, 2, 2 * 9 * 8).sin().view(2, 9, 8)


@pytest.fixture(autouse=True)
def weights_from_a_seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def block(**changes: Any) -> Any:
    return Block(ModelConfig(**{"width": 8, "heads": 2, **changes}))


def timms(
    kind: Callable[..., Any], ours: Any, ratio: float = 4.0, activation: type[nn.Module] = nn.GELU, **changes: Any
) -> Any:
    """timm's block with our weights."""
    theirs = kind(8, 2, ratio, qkv_bias=True, norm_layer=nn.LayerNorm, act_layer=activation, **changes)
    for mine, other in (
        (ours.norm1, theirs.norm1),
        (ours.attention.qkv, theirs.attn.qkv),
        (ours.attention.projection, theirs.attn.proj),
        (ours.norm2, theirs.norm2),
        (ours.mlp[0], theirs.mlp.fc1),
        (ours.mlp[2], theirs.mlp.fc2),
    ):
        other.load_state_dict(mine.state_dict())
    return theirs


@pytest.mark.parametrize("ratio", [4.0, 2.0])
def test_a_block_with_both_skips_is_timms(ratio: float) -> None:
    ours = block(mlp_ratio=ratio)
    torch.testing.assert_close(ours(TOKENS), timms(TimmBlock, ours, ratio)(TOKENS))


def test_a_block_with_relu_is_timms() -> None:
    ours = block(mlp="relu")
    torch.testing.assert_close(ours(TOKENS), timms(TimmBlock, ours, activation=nn.ReLU)(TOKENS))


def test_a_block_with_norms_behind_is_torchs() -> None:
    """The encoder layer of "Attention is all you need", whose norms come after the skip connections."""
    ours = block(norm="post")
    theirs = nn.TransformerEncoderLayer(8, 2, 32, dropout=0, activation=gelu, batch_first=True, norm_first=False)
    theirs.self_attn.in_proj_weight.data, theirs.self_attn.in_proj_bias.data = ours.attention.qkv.parameters()
    theirs.self_attn.out_proj.load_state_dict(ours.attention.projection.state_dict())
    for mine, other in (
        (ours.norm1, theirs.norm1),
        (ours.norm2, theirs.norm2),
        (ours.mlp[0], theirs.linear1),
        (ours.mlp[2], theirs.linear2),
    ):
        other.load_state_dict(mine.state_dict())
    with torch.no_grad():
        for norm in (ours.norm1, ours.norm2):
            norm.weight.uniform_(0.5, 2)
        theirs.norm1.weight.copy_(ours.norm1.weight), theirs.norm2.weight.copy_(ours.norm2.weight)
    torch.testing.assert_close(ours(TOKENS), theirs(TOKENS))


def test_a_block_without_norms_is_timms_with_identities() -> None:
    ours = block(norm="none")
    theirs = TimmBlock(8, 2, qkv_bias=True, norm_layer=lambda width, **_: nn.Identity())
    theirs.attn.qkv.load_state_dict(ours.attention.qkv.state_dict())
    theirs.attn.proj.load_state_dict(ours.attention.projection.state_dict())
    theirs.mlp.fc1.load_state_dict(ours.mlp[0].state_dict())
    theirs.mlp.fc2.load_state_dict(ours.mlp[2].state_dict())
    torch.testing.assert_close(ours(TOKENS), theirs(TOKENS))


@pytest.mark.parametrize("norm", NORMS)
def test_a_removed_layer_takes_its_norm_and_its_skip_along(norm: str) -> None:
    without_mlp, without_attention = block(mlp="none", norm=norm), block(attention="none", norm=norm)
    both = block(norm=norm)
    for part in (without_mlp, without_attention):
        part.load_state_dict({name: value for name, value in both.state_dict().items() if name in part.state_dict()})
    torch.testing.assert_close(without_attention(without_mlp(TOKENS)), both(TOKENS))
    assert {name.split(".")[0] for name, _ in without_mlp.named_parameters()} <= {"norm1", "attention"}
    assert {name.split(".")[0] for name, _ in without_attention.named_parameters()} <= {"norm2", "mlp"}


def test_a_block_without_layers_lets_the_tokens_pass() -> None:
    assert torch.equal(block(attention="none", mlp="none", skip="none")(TOKENS), TOKENS)


def closed_form(b: Any, x_BND: Tensor, skip: str) -> Any:
    y_BND = b.attention(b.norm1(x_BND)) + (x_BND if skip in ("both", "attention") else 0)
    return b.mlp(b.norm2(y_BND)) + (y_BND if skip in ("both", "mlp") else 0)


@pytest.mark.parametrize("skip", SKIPS)
def test_a_block_has_the_skips_of_its_configuration(skip: str) -> None:
    b = block(skip=skip)
    torch.testing.assert_close(b(TOKENS), closed_form(b, TOKENS, skip))


def test_no_two_skip_variants_are_the_same_function() -> None:
    blocks = [block(skip=skip) for skip in SKIPS]
    for b in blocks[1:]:
        b.load_state_dict(blocks[0].state_dict())
    sums = [float(b(TOKENS).detach().square().sum()) for b in blocks]
    assert len(set(sums)) == len(SKIPS)


@pytest.mark.parametrize(("field", "table"), [("skip", SKIPS), ("norm", NORMS), ("mlp", MLPS)])
def test_variants_are_the_choices_of_the_settings(field: str, table: Mapping[str, Any]) -> None:
    assert tuple(table) == get_args(ModelConfig.model_fields[field].annotation)


@pytest.mark.parametrize(("ratio", "hidden"), [(4.0, 32), (1.0, 8), (0.5, 4), (1.3, 10), (0.01, 1)])
def test_the_mlp_ratio_sets_the_hidden_units(ratio: float, hidden: int) -> None:
    mlp: Any = MLP(ModelConfig(width=8, heads=2, mlp_ratio=ratio))
    assert [tuple(layer.weight.shape) for layer in (mlp[0], mlp[2])] == [(hidden, 8), (8, hidden)]
