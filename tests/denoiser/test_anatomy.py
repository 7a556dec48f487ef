"""What `describe` tells, against the notebook's known numbers, closed forms and plain torch."""

from typing import Any

import pytest
import torch
from torch import nn

from ablate.denoiser.anatomy import Anatomy, describe
from ablate.denoiser.decoders import DECODERS
from ablate.denoiser.denoiser import build_denoiser, count_flops, count_parameters
from ablate.settings import ModelConfig


@pytest.fixture(scope="module")
def default() -> Anatomy:
    return describe()


def tiny(**changes: Any) -> ModelConfig:
    facts: dict[str, Any] = {"image_size": (16, 16), "patch_size": 4, "width": 8, "depth": 2, "heads": 2}
    return ModelConfig(**facts | changes)


@pytest.mark.parametrize(
    ("path", "parameters"),
    [
        ("encoder.embedding", 2_080),
        ("encoder.position", 64 * 32),
        ("encoder.blocks.0.attention", 4_224),
        ("encoder.blocks.0.mlp", 2 * 4 * 32 * 32 + 5 * 32),
        ("encoder.norm", 2 * 32),
        ("decoder.head", 5),
    ],
)
def test_parts_have_the_notebooks_parameters(default: Anatomy, path: str, parameters: int) -> None:
    assert default.network[path].parameters == parameters


@pytest.mark.parametrize(
    ("path", "shape"),
    [
        ("encoder.embedding", (64, 32)),
        ("encoder.blocks.0", (64, 32)),
        ("encoder", (64, 32)),
        ("decoder.to_grid", (32, 8, 8)),
        ("decoder.stages.0", (16, 16, 16)),
        ("decoder.stages.2", (4, 64, 64)),
        ("decoder", (1, 64, 64)),
    ],
)
def test_parts_have_the_shapes_that_the_notebook_asks_for(default: Anatomy, path: str, shape: tuple[int, ...]) -> None:
    assert default.network[path].shape == shape


@pytest.mark.parametrize("decoder", DECODERS)
def test_the_parts_add_up_to_the_network(decoder: str) -> None:
    config = tiny(decoder=decoder)
    network = describe(config).network
    assert network.parameters == count_parameters(config) == sum(part.count * part.parameters for part in network.parts)
    assert network.flops == count_flops(config) == sum(part.count * part.flops for part in network.parts)


def test_blocks_that_are_alike_are_one_part_with_their_count(default: Anatomy) -> None:
    (block,) = default.network["encoder.blocks"].parts
    assert (block.count, block.name) == (12, "0")
    assert 12 * block.parameters == default.network["encoder.blocks"].parameters


def test_flops_of_a_linear_layer_are_two_a_weight_and_token(default: Anatomy) -> None:
    assert default.network["encoder.blocks.0.mlp.0"].flops == 2 * 64 * 32 * 128


def test_what_is_not_affine_is_known() -> None:
    config = tiny(depth=1)
    anatomy, modules = describe(config), dict(build_denoiser(config).named_modules())
    kinds = {type(modules[path]).__name__ for path in anatomy.nonlinear}
    assert kinds == {"LayerNorm", "Attention", "GELU", "ReLU"}
    affine = {part.kind for part in anatomy.network if part.affine}
    linear = {"Linear", "Conv2d", "SmallConv2d", "ConvTranspose2d", "BatchNorm2d"}
    assert affine == linear | {"PatchEmbedding", "LearnedPosition", "Rearrange"}


def test_uniform_attention_without_norms_and_mlps_leaves_the_encoder_linear() -> None:
    config = tiny(attention="uniform", norm="none", mlp="none", final_norm=False, decoder="linear")
    assert describe(config).nonlinear == ()


def test_every_nonlinear_part_is_in_the_tree() -> None:
    anatomy = describe(tiny(decoder="unet"))
    assert all(not anatomy.network[path].affine for path in anatomy.nonlinear)
    assert "decoder.stem.pool" in anatomy.nonlinear


def test_an_unknown_part_is_a_key_error(default: Anatomy) -> None:
    with pytest.raises(KeyError, match="nothing"):
        default.network["encoder.nothing"]


def test_heads_cost_neither_parameters_nor_products_but_weights(default: Anatomy) -> None:
    assert [row.heads for row in default.heads] == [1, 2, 4, 8, 16, 32]
    assert {row.parameters for row in default.heads} == {4_224}
    assert {row.query_key_flops for row in default.heads} == {2 * 64 * 64 * 32}
    assert {row.weight_value_flops for row in default.heads} == {2 * 64 * 64 * 32}
    assert [row.weights for row in default.heads] == [heads * 64 * 64 for heads in (1, 2, 4, 8, 16, 32)]


def test_the_products_are_what_torchs_attention_does(default: Anatomy) -> None:
    """An attention layer's FLOPs are those of its two linear layers and of the two products."""
    attention, row = default.network["encoder.blocks.0.attention"], default.heads[0]
    assert attention.flops - sum(part.flops for part in attention.parts) == row.query_key_flops + row.weight_value_flops


def test_there_are_no_heads_to_compare_without_softmax() -> None:
    assert describe(tiny(attention="uniform")).heads == ()


@pytest.mark.parametrize(
    ("decoder", "patch", "skips"),
    [("unet", 4, ((4, 8, 8), (4, 16, 16))), ("unet", 1, ()), ("transposed", 4, ()), ("linear", 4, ())],
)
def test_only_the_unet_decoder_has_skips_from_the_input(decoder: str, patch: int, skips: tuple[Any, ...]) -> None:
    assert describe(tiny(decoder=decoder, patch_size=patch)).skips == skips


def test_describing_leaves_torchs_generator_alone() -> None:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(5)
        before = torch.get_rng_state()
        describe(tiny())
        assert torch.equal(torch.get_rng_state(), before)


def test_shapes_are_those_of_a_real_pass() -> None:
    config = tiny(decoder="unet")
    model, shapes = build_denoiser(config).eval(), {}
    for name, module in model.named_modules():
        module.register_forward_hook(
            lambda _, __, out, name=name: shapes.update({name: tuple(out.shape[1:])} if torch.is_tensor(out) else {})
        )
    model(torch.rand(3, 1, 16, 16))
    network = describe(config).network
    named = [name for name, module in model.named_modules() if name and not isinstance(module, nn.Identity)]
    found = {name: network[name].shape for name in named if name in shapes and "blocks.1" not in name}
    assert found == {name: shapes[name] for name in found}
    assert len(found) > 30
