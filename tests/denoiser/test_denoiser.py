"""The network as a whole: its counts, its shapes, its initial weights."""

from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch
from torch import nn

from ablate.denoiser import Denoiser, build_denoiser
from ablate.denoiser.decoders import DECODERS, LinearDecoder
from ablate.denoiser.denoiser import PREDICTIONS, count_flops, count_parameters
from ablate.settings import ModelConfig


def tiny(**changes: Any) -> ModelConfig:
    return ModelConfig(**{"image_size": (16, 16), "patch_size": 4, "width": 8, "depth": 1, "heads": 2, **changes})


def bits(model: nn.Module) -> dict[str, bytes]:
    return {name: value.numpy().tobytes() for name, value in model.state_dict().items()}


def test_the_denoiser_has_the_notebooks_171317_parameters() -> None:
    assert count_parameters(ModelConfig()) == 171_317
    assert sum(p.numel() for p in build_denoiser().parameters()) == 171_317


def test_the_notebooks_unused_linear_head_makes_173429() -> None:
    head = LinearDecoder(ModelConfig())
    assert count_parameters(ModelConfig()) + sum(p.numel() for p in head.parameters()) == 173_429


@pytest.mark.parametrize("heads", [1, 2, 8])
def test_heads_change_neither_parameters_nor_flops(heads: int) -> None:
    assert count_parameters(tiny(heads=heads)) == count_parameters(tiny())
    assert count_flops(tiny(heads=heads)) == count_flops(tiny())


@pytest.mark.parametrize("decoder", DECODERS)
def test_flops_are_those_of_the_matrix_products_and_convolutions(decoder: str) -> None:
    """Patch 4, width D = 8, N = 16 tokens, hidden 32; a multiply-add is two."""
    N, D = 16, 8
    embedding = N * 4**2 * D
    block = N * D * 3 * D + 2 * N * N * D + N * D * D + 2 * N * D * 4 * D
    ups = {"transposed": 4, "bilinear": 0, "pixelshuffle": 4 * 9, "unet": 4}
    stem = 16**2 * 9 * (1 * 4 + 4 * 4) + 8**2 * 9 * (4 * 4 + 4 * 4)
    decoders = {"linear": N * D * 4**2}
    for name, up in ups.items():
        skipped = 4 if name == "unet" else 0
        decoders[name] = (
            16**2 * 4
            + (stem if name == "unet" else 0)
            + sum(
                grid**2 * channels**2 * up + (2 * grid) ** 2 * 9 * ((channels + skipped) * 4 + 4 * 4)
                for grid, channels in ((4, 8), (8, 4))
            )
        )
    assert count_flops(tiny(decoder=decoder)) == 2 * (embedding + block + decoders[decoder])


def test_flops_grow_by_a_block_a_layer() -> None:
    one, two, five = (count_flops(tiny(depth=depth)) for depth in (1, 2, 5))
    assert five - one == 4 * (two - one) > 0


@pytest.mark.parametrize(
    ("size", "patch", "channels"), [((64, 64), 8, 1), ((16, 16), 1, 1), ((16, 48), 16, 3), ((24, 8), 2, 3)]
)
def test_an_image_keeps_its_shape(size: tuple[int, int], patch: int, channels: int) -> None:
    model = build_denoiser(tiny(image_size=size, patch_size=patch, channels=channels))
    assert model(torch.zeros(2, channels, *size)).shape == (2, channels, *size)


def test_predicting_the_noise_subtracts_it_from_the_input() -> None:
    noise, clean = build_denoiser(tiny(prediction="noise")).eval(), build_denoiser(tiny()).eval()
    noisy = torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(noise(noisy), noisy - clean(noisy))


def test_predictions_are_the_choices_of_the_settings() -> None:
    assert tuple(PREDICTIONS) == get_args(ModelConfig.model_fields["prediction"].annotation)


def test_without_the_final_norm_the_encoder_ends_with_its_last_block() -> None:
    encoder, image = build_denoiser(tiny(final_norm=False)).encoder, torch.rand(2, 1, 16, 16)
    torch.testing.assert_close(encoder(image), encoder.blocks(encoder.position(encoder.embedding(image))))
    assert not list(encoder.norm.parameters())


def test_the_same_seed_gives_the_same_bits() -> None:
    assert bits(build_denoiser(tiny(), 3)) == bits(build_denoiser(tiny(), 3))


def test_another_seed_changes_every_random_value() -> None:
    a, b = build_denoiser(tiny(), 3).state_dict(), build_denoiser(tiny(), 4).state_dict()
    random = [name for name, value in a.items() if len(value.unique()) > 1]
    assert {"encoder.position.table", "encoder.embedding.projection.weight", "decoder.stages.0.up.bias"} <= set(random)
    assert not [name for name in random if (a[name] == b[name]).any()]


@pytest.mark.parametrize(
    "change",
    [
        {"depth": 2},
        {"skip": "none"},
        {"heads": 4},
        {"decoder": "linear"},
        {"decoder": "bilinear"},
        {"mlp_ratio": 2.0},
        {"norm": "post"},
        {"position": "none"},
        {"mlp": "none"},
        {"final_norm": False},
        {"prediction": "noise"},
    ],
)
def test_networks_that_share_a_part_start_it_alike(change: dict[str, Any]) -> None:
    a, b = build_denoiser(tiny()).state_dict(), build_denoiser(tiny(**change)).state_dict()
    shared = [name for name in a if name in b and a[name].shape == b[name].shape]
    assert "encoder.blocks.0.attention.qkv.weight" in shared
    assert all(torch.equal(a[name], b[name]) for name in shared)


def test_no_two_parts_start_alike() -> None:
    model = build_denoiser(tiny(depth=3))
    drawn = [p for p in model.parameters() if len(p.detach().unique()) > 1]
    assert len({p.detach().numpy().tobytes() for p in drawn}) == len(drawn)


@pytest.mark.parametrize("use", [build_denoiser, count_flops, count_parameters])
def test_torchs_generator_is_neither_read_nor_changed(use: Callable[[ModelConfig], Any]) -> None:
    def result() -> Any:
        value = use(tiny())
        return bits(value) if isinstance(value, Denoiser) else value

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        before, first = torch.get_rng_state(), result()
        assert torch.equal(torch.get_rng_state(), before)
        torch.manual_seed(2)
        assert result() == first


def test_linear_layers_start_as_the_notebook_says() -> None:
    model = build_denoiser(ModelConfig(decoder="linear")).requires_grad_(False)
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert len(layers) == 4 * 12 + 1
    assert not any(layer.bias.any() for layer in layers)
    for layer in layers:
        assert float(layer.weight.std()) == pytest.approx(0.02, rel=5 / (2 * layer.weight.numel()) ** 0.5)
        assert abs(float(layer.weight.mean())) < 5 * 0.02 / layer.weight.numel() ** 0.5


def test_positions_start_as_the_notebook_says() -> None:
    position: Any = build_denoiser().encoder.position
    assert float(position.table.detach().std()) == pytest.approx(0.02, rel=0.08)


@pytest.mark.parametrize("kind", [nn.LayerNorm, nn.BatchNorm2d])
def test_norms_start_as_the_identity(kind: type[nn.Module]) -> None:
    norms: list[Any] = [m for m in build_denoiser(tiny()).modules() if isinstance(m, kind)]
    assert norms
    assert all((norm.weight == 1).all() and (norm.bias == 0).all() for norm in norms)


def test_convolutions_start_within_torchs_own_bound() -> None:
    decoder: Any = build_denoiser().decoder
    convolution = decoder.stages[0].convolutions[0]
    bound = (32 * 9) ** -0.5
    assert 0.95 * bound < float(convolution.weight.detach().abs().max()) <= bound
