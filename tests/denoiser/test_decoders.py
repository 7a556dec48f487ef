"""B images, C channels, H height, W width, N tokens, D width of a token."""

import math
from collections.abc import Iterator
from typing import Any, get_args

import pytest
import torch
from einops import rearrange, repeat
from torch import Tensor, nn
from torch.nn.functional import conv2d, fold, interpolate, max_pool2d, pixel_shuffle

from ablate.denoiser.decoders import (
    DECODERS,
    HEADS,
    ConvolutionalDecoder,
    LinearDecoder,
    Stage,
    bilinear,
    pixelshuffle,
    transposed,
)
from ablate.denoiser.denoiser import build_denoiser
from ablate.settings import ModelConfig

MEAN_OF_A_RECTIFIED_NORMAL = (2 * math.pi) ** -0.5
"""What a channel after BatchNorm and ReLU is on average, at the start of the training."""


@pytest.fixture(autouse=True)
def weights_from_a_seed() -> Iterator[None]:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        yield


def image(config: ModelConfig, batch: int = 2) -> Tensor:
    return torch.rand(batch, config.channels, *config.image_size)


def tokens(config: ModelConfig, batch: int = 2) -> Tensor:
    count = config.image_size[0] * config.image_size[1] // config.patch_size**2
    return torch.randn(batch, count, config.width)


def double_conv(in_ch: int, out_ch: int) -> list[nn.Module]:
    """As in the notebook."""
    return [
        nn.Conv2d(in_ch, out_ch, 3, padding=1),
        nn.BatchNorm2d(out_ch),
        nn.ReLU(inplace=True),
        nn.Conv2d(out_ch, out_ch, 3, padding=1),
        nn.BatchNorm2d(out_ch),
        nn.ReLU(inplace=True),
    ]


def notebooks_decoder() -> nn.Module:
    layers: list[nn.Module] = []
    for in_ch, out_ch in ((32, 16), (16, 8), (8, 4)):
        layers += [nn.ConvTranspose2d(in_ch, in_ch, kernel_size=2, stride=2), *double_conv(in_ch, out_ch)]
    return nn.Sequential(*layers, nn.Conv2d(4, 1, 1))


@pytest.mark.parametrize("mode", ["train", "eval"])
def test_the_transposed_decoder_is_the_notebooks(mode: str) -> None:
    ours, theirs, x_BND = ConvolutionalDecoder(ModelConfig()), notebooks_decoder(), tokens(ModelConfig())
    theirs.load_state_dict(dict(zip(theirs.state_dict(), ours.state_dict().values(), strict=True)))
    getattr(ours, mode)(), getattr(theirs, mode)()
    torch.testing.assert_close(ours(x_BND, image(ModelConfig())), theirs(rearrange(x_BND, "b (h w) c -> b c h w", h=8)))


@pytest.mark.parametrize(("size", "channels", "patch"), [((64, 64), 1, 8), ((8, 24), 3, 4), ((10, 8), 2, 1)])
def test_the_linear_decoder_folds_one_linear_layer_a_patch(size: tuple[int, int], channels: int, patch: int) -> None:
    config = ModelConfig(image_size=size, channels=channels, patch_size=patch, width=8, heads=2, decoder="linear")
    decoder, x_BND = LinearDecoder(config), tokens(config)
    patches = decoder[0](x_BND).transpose(1, 2)
    torch.testing.assert_close(decoder(x_BND, image(config)), fold(patches, size, patch, stride=patch))


def test_the_linear_decoder_is_a_pixel_shuffle_of_the_grid() -> None:
    config = ModelConfig(image_size=(8, 24), channels=3, patch_size=4, width=8, heads=2, decoder="linear")
    decoder, x_BND = LinearDecoder(config), tokens(config)
    grid = rearrange(decoder[0](x_BND), "b (h w) d -> b d h w", h=2)
    torch.testing.assert_close(decoder(x_BND, image(config)), pixel_shuffle(grid, 4))


@pytest.mark.parametrize("decoder", DECODERS)
@pytest.mark.parametrize("patch", [1, 2, 4, 8, 16])
@pytest.mark.parametrize(("size", "channels"), [((16, 16), 1), ((16, 48), 3)])
def test_any_patch_size_restores_the_image_size(decoder: Any, patch: int, size: tuple[int, int], channels: int) -> None:
    config = ModelConfig(image_size=size, channels=channels, patch_size=patch, width=8, heads=2, decoder=decoder)
    assert DECODERS[decoder](config)(tokens(config), image(config)).shape == (2, channels, *size)


@pytest.mark.parametrize(("patch", "channels"), [(1, [32]), (2, [32, 16]), (16, [32, 16, 8, 4, 4])])
def test_stages_halve_the_channels_down_to_four(patch: int, channels: list[int]) -> None:
    decoder: Any = ConvolutionalDecoder(ModelConfig(patch_size=patch))
    assert [stage.up.in_channels for stage in decoder.stages] + [decoder.head.in_channels] == channels


@pytest.mark.parametrize("decoder", DECODERS)
def test_only_the_unet_decoder_looks_at_the_image(decoder: str) -> None:
    config = ModelConfig(image_size=(16, 16), patch_size=4, width=8, heads=2)
    made, x_BND = DECODERS[decoder](config).eval(), tokens(config)
    same = torch.equal(made(x_BND, image(config)), made(x_BND, image(config)))
    assert same == (decoder != "unet")


def test_bilinear_upsampling_is_torchs() -> None:
    x = torch.rand(2, 3, 4, 6)
    torch.testing.assert_close(bilinear(3)(x), interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))


def test_pixel_shuffling_is_torchs_after_its_convolution() -> None:
    up: Any = pixelshuffle(3)
    x = torch.rand(2, 3, 4, 6)
    torch.testing.assert_close(up(x), pixel_shuffle(conv2d(x, up[0].weight, up[0].bias, padding=1), 2))


def test_a_transposed_convolution_is_a_pixel_shuffle_of_a_1x1_convolution() -> None:
    """Why the decoder `pixelshuffle` has 3 x 3 ones: else both would be the same network."""
    up: Any = transposed(3)
    x = torch.rand(2, 3, 4, 6)
    weight = rearrange(up.weight, "i o p q -> (o p q) i 1 1")
    torch.testing.assert_close(up(x), pixel_shuffle(conv2d(x, weight, repeat(up.bias, "o -> (o four)", four=4)), 2))


@pytest.mark.parametrize("decoder", ["bilinear", "pixelshuffle", "unet"])
def test_convolutional_decoders_share_all_but_the_part_that_differs(decoder: str) -> None:
    """Where both have a part, it is alike: the same names and shapes, but for the channels that a skip adds."""
    parts = [
        {name: p.shape for name, p in DECODERS[d](ModelConfig()).named_parameters()} for d in (decoder, "transposed")
    ]
    ours, notebooks = ({name for name in part if ".up." not in name and "stem" not in name} for part in parts)
    assert ours == notebooks
    changed = {name for name in ours if parts[0][name] != parts[1][name]}
    assert changed == ({f"stages.{n}.convolutions.0.weight" for n in range(3)} if decoder == "unet" else set())


def test_a_stage_with_a_skip_convolves_both_together() -> None:
    stage, x, skip = Stage(6, 4, transposed, skipped=2).eval(), torch.rand(1, 6, 3, 5), torch.rand(1, 2, 6, 10)
    torch.testing.assert_close(stage(x, skip), stage.convolutions(torch.cat([skip, stage.up(x)], dim=1)))


def test_the_stem_is_the_contracting_path_of_a_unet() -> None:
    """At each resolution (3 x 3 convolution, BatchNorm, ReLU) twice, and a maximum over 2 x 2 pixels in between."""
    unet: Any = DECODERS["unet"](ModelConfig())
    stem, x = unet.stem.eval(), torch.rand(2, 1, 64, 64)
    expected: list[Tensor] = []
    for level, (channels_in, channels_out) in zip(stem.levels, ((1, 4), (4, 8), (8, 16)), strict=True):
        reference = nn.Sequential(*double_conv(channels_in, channels_out)).eval()
        reference.load_state_dict(level.state_dict())
        expected.append(reference(max_pool2d(expected[-1], 2) if expected else x))
    for ours, theirs in zip(stem(x), reversed(expected), strict=True):
        torch.testing.assert_close(ours, theirs)
    assert [tuple(features.shape) for features in stem(x)] == [(2, 16, 16, 16), (2, 8, 32, 32), (2, 4, 64, 64)]


@pytest.mark.parametrize("decoder", ["transposed", "bilinear", "pixelshuffle", "unet"])
def test_a_small_head_adds_no_constant_to_the_first_images(decoder: str) -> None:
    """Torch's adds up to half of the full intensity, the same to all pixels."""

    def constant(head_init: str, seed: int) -> float:
        settings: Any = {"decoder": decoder, "depth": 1, "head_init": head_init}
        head: Any = build_denoiser(ModelConfig(**settings), seed).decoder.head
        weights, bias = head.weight.detach(), head.bias.detach()
        return abs(float(weights.sum() * MEAN_OF_A_RECTIFIED_NORMAL + bias))

    assert max(constant("torch", seed) for seed in range(12)) > 0.4
    assert max(constant("small", seed) for seed in range(12)) < 0.05


def test_a_small_head_starts_as_linear_layers_do() -> None:
    head: Any = build_denoiser(ModelConfig(width=512, patch_size=1, head_init="small", depth=1)).decoder.head
    assert not head.bias.any()
    assert head.weight.std().item() == pytest.approx(0.02, rel=0.1)


def test_heads_are_the_choices_of_the_settings() -> None:
    assert tuple(HEADS) == get_args(ModelConfig.model_fields["head_init"].annotation)


def test_decoders_are_the_choices_of_the_settings() -> None:
    assert tuple(DECODERS) == get_args(ModelConfig.model_fields["decoder"].annotation)
