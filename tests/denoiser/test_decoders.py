"""B images, C channels, H height, W width, N tokens, D width of a token."""

from typing import get_args

import pytest
import torch
from einops import rearrange
from torch import nn
from torch.nn.functional import fold, pixel_shuffle

from ablate.denoiser.decoders import DECODERS, LinearDecoder, TransposedDecoder
from ablate.settings import ModelConfig


@pytest.fixture(autouse=True)
def weights_from_a_seed():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def tokens(config, batch=2):
    count = config.image_size[0] * config.image_size[1] // config.patch_size**2
    return torch.randn(batch, count, config.width)


def double_conv(in_ch, out_ch):
    """As in the notebook."""
    return [
        nn.Conv2d(in_ch, out_ch, 3, padding=1),
        nn.BatchNorm2d(out_ch),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_ch, out_ch, 3, padding=1),
        nn.BatchNorm2d(out_ch),
        nn.ReLU(inplace=True),
    ]


def notebooks_decoder():
    layers = []
    for in_ch, out_ch in ((32, 16), (16, 8), (8, 4)):
        layers += [nn.ConvTranspose2d(in_ch, in_ch, kernel_size=2, stride=2), *double_conv(in_ch, out_ch)]
    return nn.Sequential(*layers, nn.Conv2d(4, 1, 1))


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_transposed_decoder_is_the_notebooks(mode):
    ours, theirs, x_BND = TransposedDecoder(ModelConfig()), notebooks_decoder(), tokens(ModelConfig())
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    getattr(ours, mode)(), getattr(theirs, mode)()
    torch.testing.assert_close(ours(x_BND), theirs(rearrange(x_BND, "b (h w) c -> b c h w", h=8)))


@pytest.mark.parametrize(("size", "channels", "patch"), [((64, 64), 1, 8), ((8, 24), 3, 4), ((10, 8), 2, 1)])
def test_the_linear_decoder_folds_one_linear_layer_a_patch(size, channels, patch):
    config = ModelConfig(image_size=size, channels=channels, patch_size=patch, width=8, heads=2, decoder="linear")
    decoder, x_BND = LinearDecoder(config), tokens(config)
    patches = decoder[0](x_BND).transpose(1, 2)
    torch.testing.assert_close(decoder(x_BND), fold(patches, size, patch, stride=patch))


def test_the_linear_decoder_is_a_pixel_shuffle_of_the_grid():
    config = ModelConfig(image_size=(8, 24), channels=3, patch_size=4, width=8, heads=2, decoder="linear")
    decoder, x_BND = LinearDecoder(config), tokens(config)
    grid = rearrange(decoder[0](x_BND), "b (h w) d -> b d h w", h=2)
    torch.testing.assert_close(decoder(x_BND), pixel_shuffle(grid, 4))


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("patch", [1, 2, 4, 8, 16])
@pytest.mark.parametrize(("size", "channels"), [((16, 16), 1), ((16, 48), 3)])
def test_any_patch_size_gives_back_the_image(decoder, patch, size, channels):
    config = ModelConfig(image_size=size, channels=channels, patch_size=patch, width=8, heads=2, decoder=decoder)
    assert DECODERS[decoder](config)(tokens(config)).shape == (2, channels, *size)


@pytest.mark.parametrize(("patch", "channels"), [(1, [32]), (2, [32, 16]), (16, [32, 16, 8, 4, 4])])
def test_stages_halve_the_channels_down_to_four(patch, channels):
    decoder = TransposedDecoder(ModelConfig(patch_size=patch))
    assert [stage.up.in_channels for stage in decoder.stages] + [decoder.head.in_channels] == channels


def test_decoders_are_the_choices_of_the_settings():
    assert tuple(DECODERS) == get_args(ModelConfig.model_fields["decoder"].annotation)
