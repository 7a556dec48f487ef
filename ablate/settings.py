"""The settings of a run: frozen models with defaults, addressed by dotted names and hashed into the run's id.

The defaults are those of the notebook, with the exceptions that docs/settings.md names. Nothing here imports torch, so
thousands of runs can be planned without it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    Field,
    field_validator,
)

from ablate.data_settings import Count, Frozen, NotNegative, Positive, Size
from ablate.data_settings import DataConfig as DataConfig
from ablate.variants.choices import OPEN, Variant
from ablate.variants.files import Files

RECIPE = 2
"""Version of the training code. Increase it with any change, also of a default, that alters the numbers of a run; the
golden tests fail if you forget."""


class ModelConfig(Frozen):
    """The network: a ViT encoder and a decoder back to pixels (notebook, A to D)."""

    image_size: Size = Field((64, 64), description="height and width in pixels, from 8; multiples of the patch size")
    channels: Count = Field(1, description="channels of input and output")
    patch_size: Count = Field(8, description="side of a patch in pixels; a power of two")
    width: Count = Field(32, description="dimensions of a token (d_model); a multiple of the heads")
    depth: Count = Field(12, description="number of blocks")
    heads: Count = Field(4, description="number of attention heads; the width must be a multiple of it")
    mlp_ratio: Annotated[float, Field(gt=0, le=1000)] = Field(
        4, description="hidden units of the MLP, as a multiple of the width"
    )
    skip: Annotated[Literal["both", "attention", "mlp", "none"], OPEN] = Field(
        "both", description="where a block has skip connections"
    )
    norm: Annotated[Literal["pre", "post", "none"], OPEN] = Field("pre", description="where a block has its LayerNorms")
    position: Annotated[Literal["learned", "sincos", "none"], OPEN] = Field(
        "learned", description="the position embedding of tokens"
    )
    attention: Annotated[Literal["softmax", "uniform", "none"], OPEN] = Field(
        "softmax", description="how tokens attend to each other; uniform gives all tokens the same weight"
    )
    mlp: Annotated[Literal["gelu", "relu", "none"], OPEN] = Field(
        "gelu", description="the activation of the MLP; none removes the MLP"
    )
    final_norm: bool = Field(True, description="whether the encoder ends with a LayerNorm")
    decoder: Annotated[Literal["transposed", "bilinear", "pixelshuffle", "linear", "unet"], OPEN] = Field(
        "transposed", description="how tokens are turned back into pixels"
    )
    head_init: Literal["torch", "small"] = Field(
        "small",
        description="initial values of the decoder's last convolution: `small`, near 0 like those of linear layers, or "
        "torch's, which can add a large constant to every image; the linear decoder's are always small",
    )
    prediction: Annotated[Literal["clean", "noise"], OPEN] = Field(
        "clean", description="what the decoder predicts, the clean image or the noise to subtract from the input"
    )

    @field_validator("patch_size")
    @classmethod
    def _patch_fits(cls, patch: int, info: Any) -> int:
        if patch & (patch - 1):
            raise ValueError("a patch size must be a power of two: 1, 2, 4, 8, ...")
        size = info.data.get("image_size")
        if size and any(side % patch for side in size):
            raise ValueError(f"a patch of {patch} pixels does not divide an image of {size[0]} x {size[1]}")
        return patch

    @field_validator("heads")
    @classmethod
    def _heads_divide(cls, heads: int, info: Any) -> int:
        width = info.data.get("width")
        if width and width % heads:
            allowed = ", ".join(str(n) for n in range(1, width + 1) if width % n == 0)
            raise ValueError(f"{heads} heads do not divide a width of {width}; allowed: {allowed}")
        return heads

    @field_validator("position")
    @classmethod
    def _width_has_quarters(cls, position: str, info: Any) -> str:
        width = info.data.get("width")
        if position == "sincos" and width and width % 4:
            raise ValueError(f"sincos needs a width that is a multiple of 4 (two coordinates), not {width}")
        return position


class TrainingConfig(Frozen):
    """How a run is trained (notebook, Q20)."""

    epochs: Count = Field(30, description="number of epochs")
    scenes: Count = Field(1024, description="training scenes per epoch, new ones in each epoch")
    batch: Count = Field(32, description="training scenes per step")
    loss: Annotated[Literal["mse", "l1"], OPEN] = Field("mse", description="training loss")
    optimiser: Annotated[Literal["adam", "adamw"], OPEN] = Field(
        "adam", description="optimiser, with torch's default parameters"
    )
    rate: Positive = Field(1e-3, description="learning rate")
    weight_decay: NotNegative | None = Field(
        None, description="weight decay; null for torch's default, which is 0 for adam and 0.01 for adamw"
    )
    schedule: Annotated[Literal["constant", "cosine"], OPEN] = Field(
        "constant", description="how the learning rate changes over steps"
    )
    warmup: NotNegative = Field(
        0.0, description="number of epochs, possibly a fraction, over which the rate rises from near 0 to its full one"
    )
    ema: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0,
        description="decay per step of an exponential moving average of the weights, which is evaluated instead of "
        "them; 0 turns it off",
    )
    statistics: Literal["running", "precise"] = Field(
        "precise",
        description="BatchNorm's means and variances in evaluation: `precise`, estimated before each evaluation with "
        "fixed weights on 256 training scenes, or running averages over the last steps",
    )
    precision: Literal["float32", "bfloat16"] = Field(
        "float32", description="precision of the forward pass; with bfloat16 (autocast) the weights stay float32"
    )

    @field_validator("warmup")
    @classmethod
    def _warmup_ends(cls, warmup: float, info: Any) -> float:
        epochs = info.data.get("epochs")
        if epochs and warmup > epochs:
            raise ValueError(f"a warm-up of {warmup:g} epochs is longer than the training of {epochs}")
        return warmup


class Settings(Frozen):
    """The settings of an arm of a study: those of a run, without its seed."""

    model: ModelConfig = ModelConfig()
    data: DataConfig = DataConfig()
    training: TrainingConfig = TrainingConfig()

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The user's own parts among them."""
        values = (item for _, value in _walk(self) for item in (value if isinstance(value, tuple) else (value,)))
        return tuple(value for value in values if isinstance(value, Variant))

    @property
    def part_files(self) -> Files:
        """The files of these parts, which all come from one study; empty if there are none."""
        return self.variants[0].files if self.variants else ()

    def run(self, seed: int) -> Run:
        """These settings with a seed."""
        return Run(model=self.model, data=self.data, training=self.training, seed=seed)


class Run(Settings):
    """One arm with one seed, fully resolved: everything that a worker needs to know."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @cached_property
    def id(self) -> str:
        """Hash of the recipe, the seed and the settings that differ from the defaults.

        Defaults are left out, so a new setting changes no old id; two studies that request the same run share it. Of a
        user's own parts it has their settings and the digest of their files.
        """
        settings = dotted(self)
        seed = settings.pop("seed")
        changed = {n: x for n, x in settings.items() if n not in DEFAULTS or x != DEFAULTS[n]}
        if self.data.content:
            changed = {name: value for name, value in changed.items() if name not in IN_CONTENT}
        text = json.dumps([RECIPE, seed, changed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def dotted(settings: Settings) -> dict[str, Any]:
    """All settings by dotted name: `{"model.heads": 4, "data.cells.density": 0.002, ...}`.

    A user's own part has its name as the value, and adds the digest of its files and its own settings:
    `{"model.attention": "linear", ..., "parts.linear": "3f2a...", "parts.linear.rank": 4}`.
    """
    flat = {name: _plain(value) for name, value in _walk(settings)}
    return flat | {name: value for variant in settings.variants for name, value in variant.facts.items()}


def _plain(value: Any) -> Any:
    """A value with the names of the user's own parts in their place."""
    if isinstance(value, tuple):
        return tuple(map(_plain, value))
    return value.name if isinstance(value, Variant) else value


def _walk(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting by its dotted name, as it is."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from _walk(value, f"{prefix}{name}.")
        else:
            yield prefix + name, value


DEFAULTS: dict[str, Any] = dotted(Settings())

IN_CONTENT = ("data.path", "data.omit")
"""Settings that `data.content` follows from. With it they are not in a run's id: pictures can be moved and renamed."""

TASK_SETTINGS = (
    *("data.source", "data.content", "data.split", "data.range", "data.noise", "data.clip"),
    *("data.gaussian.", "data.poisson.", "data.salt_and_pepper.", "data.speckle."),
    *("data.cells.", "data.filled.", "data.noisy.", "model.image_size", "model.channels"),
)
"""Prefixes of the settings that change the task itself. Others of the data only change on how many images a run is
evaluated (`validation`, `test`), and how it is trained (`flips`, `turns`)."""
