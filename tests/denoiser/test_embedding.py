"""B images, N tokens, D width of a token."""

import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import torch
from timm.layers import PatchEmbed, build_sincos2d_pos_embed, trunc_normal_
from torch import Tensor, nn

from ablate.denoiser.block import Block
from ablate.denoiser.embedding import POSITIONS, LearnedPosition, PatchEmbedding, SinCosPosition, init_weights
from ablate.settings import ModelConfig

CONFIGS = [
    ModelConfig(),
    ModelConfig(image_size=(16, 16), channels=3, patch_size=4, width=8, heads=2),
    ModelConfig(image_size=(8, 24), patch_size=8, width=6, heads=2),
    ModelConfig(image_size=(8, 10), patch_size=1, width=4, heads=1),
]


@pytest.fixture(autouse=True)
def weights_from_a_seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())


def image(config: ModelConfig, batch: int = 3) -> Tensor:
    return torch.randn(batch, config.channels, *config.image_size)


def test_the_patch_embedding_has_the_notebooks_2080_parameters() -> None:
    assert parameters(PatchEmbedding(ModelConfig())) == 2_080


def test_embedding_and_position_have_the_notebooks_4128_parameters() -> None:
    assert parameters(PatchEmbedding(ModelConfig())) + parameters(LearnedPosition(ModelConfig())) == 4_128


@pytest.mark.parametrize("config", CONFIGS)
def test_the_patch_embedding_is_timms(config: ModelConfig) -> None:
    ours = PatchEmbedding(config)
    timms = PatchEmbed(config.image_size, config.patch_size, config.channels, config.width)
    timms.proj.load_state_dict(ours.projection.state_dict())
    image_BCHW = image(config)
    torch.testing.assert_close(ours(image_BCHW), timms(image_BCHW))


def test_tokens_follow_the_image_row_by_row() -> None:
    config = ModelConfig(image_size=(8, 16), patch_size=4, width=4, heads=1)
    ours, bottom_left = PatchEmbedding(config), torch.zeros(1, 1, 8, 16)
    bottom_left[..., 4:, :4] = 1
    changed_N = (ours(bottom_left) != ours(torch.zeros_like(bottom_left))).any(dim=2)[0]
    assert changed_N.nonzero().flatten().tolist() == [4]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_position_is_added_to_each_token_of_each_image(config: ModelConfig) -> None:
    position = LearnedPosition(config)
    x_BND = PatchEmbedding(config)(image(config))
    expected = torch.stack([tokens + position.table[0] for tokens in x_BND])
    torch.testing.assert_close(position(x_BND), expected, rtol=0, atol=0)


def test_sincos_positions_are_timms() -> None:
    config = ModelConfig(image_size=(8, 24), patch_size=4, width=12, heads=2)
    x_BND = torch.randn(2, 12, 12)
    torch.testing.assert_close(SinCosPosition(config)(x_BND), x_BND + build_sincos2d_pos_embed([2, 6], 12))


def test_sincos_positions_are_sines_and_cosines_of_row_and_column() -> None:
    """Token 9 of 2 x 6 is in row 1, column 3; two frequencies, 1 and 10000^(-1/2), at a width of 8."""
    table = SinCosPosition(ModelConfig(image_size=(8, 24), patch_size=4, width=8, heads=2)).table
    expected = [f(at * rate) for f in (math.sin, math.cos) for at in (1, 3) for rate in (1, 0.01)]
    assert table[0, 9].tolist() == pytest.approx(expected)


def test_only_learned_positions_are_trained() -> None:
    trained = {name: parameters(position(ModelConfig())) for name, position in POSITIONS.items()}
    assert trained == {"learned": 64 * 32, "sincos": 0, "none": 0}


@pytest.mark.parametrize("name", POSITIONS)
def test_only_without_positions_are_tokens_a_set(name: Any) -> None:
    """The encoder's output for tokens in another order is the same output in that order."""
    config = ModelConfig(image_size=(16, 16), patch_size=4, width=8, depth=1, heads=2, position=name)
    position, block, x_BND, order = POSITIONS[name](config), Block(config), torch.randn(2, 16, 8), torch.randperm(16)
    alike = torch.allclose(block(position(x_BND[:, order])), block(position(x_BND))[:, order], atol=1e-5)
    assert alike == (name == "none")


def test_positions_are_the_choices_of_the_settings() -> None:
    assert tuple(POSITIONS) == get_args(ModelConfig.model_fields["position"].annotation)


@pytest.mark.parametrize("shape", [(32, 96), (1, 64, 32), (7,)])
def test_initial_weights_are_timms(shape: tuple[int, ...]) -> None:
    torch.manual_seed(3)
    expected = trunc_normal_(torch.empty(shape), std=0.02)
    torch.manual_seed(3)
    assert bool((init_weights(torch.empty(shape)) == expected).all())
