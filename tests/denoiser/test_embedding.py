"""B images, N tokens, D width of a token."""

import pytest
import torch
from timm.layers import PatchEmbed

from ablate.denoiser.embedding import LearnedPosition, PatchEmbedding
from ablate.settings import ModelConfig

CONFIGS = [
    ModelConfig(),
    ModelConfig(image_size=(16, 16), channels=3, patch_size=4, width=8, heads=2),
    ModelConfig(image_size=(8, 24), patch_size=8, width=6, heads=2),
    ModelConfig(image_size=(8, 10), patch_size=1, width=4, heads=1),
]


@pytest.fixture(autouse=True)
def weights_from_a_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def parameters(module):
    return sum(parameter.numel() for parameter in module.parameters())


def image(config, batch=3):
    return torch.randn(batch, config.channels, *config.image_size)


def test_the_patch_embedding_has_the_notebooks_2080_parameters():
    assert parameters(PatchEmbedding(ModelConfig())) == 2_080


def test_embedding_and_position_have_the_notebooks_4128_parameters():
    assert parameters(PatchEmbedding(ModelConfig())) + parameters(LearnedPosition(ModelConfig())) == 4_128


@pytest.mark.parametrize("config", CONFIGS)
def test_the_patch_embedding_is_timms(config):
    ours = PatchEmbedding(config)
    timms = PatchEmbed(config.image_size, config.patch_size, config.channels, config.width)
    timms.proj.load_state_dict(ours.projection.state_dict())
    image_BCHW = image(config)
    torch.testing.assert_close(ours(image_BCHW), timms(image_BCHW))


def test_tokens_follow_the_image_row_by_row():
    config = ModelConfig(image_size=(8, 16), patch_size=4, width=4, heads=1)
    ours, bottom_left = PatchEmbedding(config), torch.zeros(1, 1, 8, 16)
    bottom_left[..., 4:, :4] = 1
    changed_N = (ours(bottom_left) != ours(torch.zeros_like(bottom_left))).any(dim=2)[0]
    assert changed_N.nonzero().flatten().tolist() == [4]


@pytest.mark.parametrize("config", CONFIGS)
def test_a_position_is_added_to_each_token_of_each_image(config):
    position = LearnedPosition(config)
    x_BND = PatchEmbedding(config)(image(config))
    expected = torch.stack([tokens + position.table[0] for tokens in x_BND])
    torch.testing.assert_close(position(x_BND), expected, rtol=0, atol=0)
