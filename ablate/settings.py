"""The settings of a run: frozen models with defaults, addressed by dotted names and hashed into the run's id.

The defaults are those of the notebook. Nothing here imports torch, so thousands of runs can be planned without it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator

from ablate.errors import Steps, StudyError, explain, quote, suggest

RECIPE = 1
"""Version of the training code. Increase it with any change, also of a default, that changes the numbers of a run; the
golden tests fail if you forget."""


class Frozen(BaseModel):
    """A model that is immutable, converts no types, and rejects unknown keys."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        strict=True,
        allow_inf_nan=False,
        validate_default=True,
        hide_input_in_errors=True,
        serialize_by_alias=True,
    )


def as_tuple(value: object) -> object:
    """Convert a list to a tuple, as strict models do not; leave anything else to their checks."""
    return tuple(value) if isinstance(value, list) else value


def _check_order(value: tuple[Any, Any]) -> tuple[Any, Any]:
    if value[0] > value[1]:
        raise ValueError("the low end of a range must not be above its high end")
    return value


Count = Annotated[int, Field(ge=1, le=1_000_000)]
Positive = Annotated[float, Field(gt=0)]
Density = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda value: value + 0.0)]
NotNegative = Annotated[float, Field(ge=0), AfterValidator(lambda value: value + 0.0)]  # turns -0.0 into 0.0, for ids
Side = Annotated[int, Field(ge=8, le=4096)]  # SSIM needs at least six pixels for its window
Size = Annotated[tuple[Side, Side], BeforeValidator(as_tuple)]
IntRange = Annotated[tuple[Count, Count], BeforeValidator(as_tuple), Field(description="both ends included")]
Range = Annotated[tuple[NotNegative, NotNegative], BeforeValidator(as_tuple)]


class ModelConfig(Frozen):
    """The network: a ViT encoder and a decoder back to pixels (notebook, A to D)."""

    image_size: Size = Field((64, 64), description="height and width in pixels, from 8; multiples of the patch size")
    channels: Count = Field(1, description="channels of input and output")
    patch_size: Count = Field(8, description="side of a patch in pixels; a power of two")
    width: Count = Field(32, description="dimensions of a token (the notebook's d_model); a multiple of the heads")
    depth: Count = Field(12, description="number of blocks")
    heads: Count = Field(4, description="number of attention heads; the width must be a multiple of it")
    mlp_ratio: Annotated[float, Field(gt=0, le=1000)] = Field(
        4, description="hidden units of the MLP, as a multiple of the width"
    )
    skip: Literal["both", "attention", "mlp", "none"] = Field("both", description="where a block has skip connections")
    norm: Literal["pre", "post", "none"] = Field("pre", description="where a block has its LayerNorms")
    position: Literal["learned", "sincos", "none"] = Field("learned", description="the position embedding of tokens")
    attention: Literal["softmax", "uniform", "none"] = Field(
        "softmax", description="how tokens attend to each other; uniform gives all tokens the same weight"
    )
    mlp: Literal["gelu", "relu", "none"] = Field("gelu", description="the activation of the MLP; none removes the MLP")
    final_norm: bool = Field(True, description="whether the encoder ends with a LayerNorm")
    decoder: Literal["transposed", "bilinear", "pixelshuffle", "linear", "unet"] = Field(
        "transposed", description="how tokens are turned back into pixels"
    )
    prediction: Literal["clean", "noise"] = Field(
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


class CellConfig(Frozen):
    """Cells, the clean target: discs of value I (peak - fall d²/r²) at distance d < r from the centre.

    The radius r is drawn from `radius` and I from `intensity`, both uniformly for each cell.
    """

    density: Density = Field(0.002, description="expected cells per pixel")
    radius: IntRange = Field((5, 10), description="radius in pixels")
    intensity: Range = Field((0.6, 1.0), description="range of I")
    peak: NotNegative = Field(0.39, description="value at the centre, as a multiple of I")
    fall: NotNegative = Field(0.36, description="how much lower the value is at the rim, as a multiple of I")

    _ranges = field_validator("radius", "intensity")(_check_order)


class FilledConfig(Frozen):
    """Filled rectangles, one kind of noise: each has one constant value, and is upright or lying with equal chance."""

    density: Density = Field(0.0003, description="expected rectangles per pixel")
    long: IntRange = Field((20, 50), description="long side in pixels")
    short: IntRange = Field((2, 10), description="short side in pixels")
    value: Range = Field((0.0, 0.4), description="range of the constant value")

    _ranges = field_validator("long", "short", "value")(_check_order)


class NoisyConfig(Frozen):
    """Noisy rectangles, the other kind of noise: a constant factor times max(0, N(0, 1)), drawn for each pixel."""

    density: Density = Field(0.0003, description="expected rectangles per pixel")
    side: IntRange = Field((10, 30), description="both sides in pixels")
    value: Range = Field((0.0, 0.4), description="range of the constant factor")

    _ranges = field_validator("side", "value")(_check_order)


class DataConfig(Frozen):
    """The task, cells that rectangles cover; and the number of scenes on which a run is evaluated."""

    cells: CellConfig = CellConfig()
    filled: FilledConfig = FilledConfig()
    noisy: NoisyConfig = NoisyConfig()
    validation: Count = Field(256, description="validation scenes, the same for all seeds")
    test: Annotated[int, Field(ge=2, le=1_000_000)] = Field(2048, description="test scenes, the same for all seeds")

    @property
    def has_noise(self) -> bool:
        """Whether there is any noise to remove; without noise the input itself is a perfect answer."""
        return any(part.density and part.value[1] for part in (self.filled, self.noisy))


class TrainingConfig(Frozen):
    """How a run is trained (notebook, Q20)."""

    epochs: Count = Field(30, description="number of epochs")
    scenes: Count = Field(1024, description="training scenes per epoch, new ones in each epoch")
    batch: Count = Field(32, description="training scenes per step")
    loss: Literal["mse", "l1"] = Field("mse", description="training loss")
    optimiser: Literal["adam", "adamw"] = Field("adam", description="optimiser, with torch's standard parameters")
    rate: Positive = Field(1e-3, description="learning rate")
    weight_decay: NotNegative | None = Field(
        None, description="weight decay; null is torch's standard, 0 for adam and 0.01 for adamw"
    )
    schedule: Literal["constant", "cosine"] = Field("constant", description="how the learning rate changes over steps")
    warmup: NotNegative = Field(
        0.0, description="number of epochs, possibly a fraction, over which the rate rises from near 0 to its schedule"
    )
    ema: Annotated[float, Field(ge=0, lt=1)] = Field(
        0.0,
        description="decay per step of a moving average of the weights, evaluated in their place; 0 turns it off",
    )
    statistics: Literal["running", "precise"] = Field(
        "running",
        description="BatchNorm's means and variances in evaluation: averages over the last steps (the notebook's), or "
        "`precise`: estimated before each evaluation with fixed weights, on 256 training scenes",
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

    def run(self, seed: int) -> Run:
        """These settings with a seed."""
        return Run(model=self.model, data=self.data, training=self.training, seed=seed)


class Run(Settings):
    """One arm with one seed, fully resolved: everything that a worker needs to know."""

    seed: Annotated[int, Field(ge=0, lt=2**63)] = 0

    @cached_property
    def id(self) -> str:
        """Hash of the recipe, the seed and the settings that differ from the defaults.

        Defaults are left out, so a new setting changes no old id; two studies that request the same run share it.
        """
        settings = dotted(self)
        seed = settings.pop("seed")
        changed = {name: value for name, value in settings.items() if value != DEFAULTS[name]}
        text = json.dumps([RECIPE, seed, changed], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


def dotted(settings: Settings) -> dict[str, Any]:
    """All settings by dotted name: `{"model.heads": 4, "data.cells.density": 0.002, ...}`."""
    flat: dict[str, Any] = {}

    def walk(model: BaseModel, prefix: str) -> None:
        for name in type(model).model_fields:
            value = getattr(model, name)
            if isinstance(value, BaseModel):
                walk(value, f"{prefix}{name}.")
            else:
                flat[prefix + name] = value

    walk(settings, "")
    return flat


DEFAULTS: dict[str, Any] = dotted(Settings())

TASK_SETTINGS = ("data.cells.", "data.filled.", "data.noisy.", "model.image_size", "model.channels")
"""Prefixes of the settings that change the task itself. Two more settings of the data, `validation` and `test`, only
change on how many scenes a run is evaluated."""


def check_setting(name: str, path: Steps) -> None:
    """Raise a StudyError at `path` unless a setting has this name."""
    if name not in DEFAULTS:
        section = [known for known in DEFAULTS if known.split(".")[0] == name.split(".")[0]]
        hint = suggest(name, DEFAULTS, listed=section or ["model....", "data....", "training...."])
        raise StudyError(path, f"there is no setting {quote(name)}; {hint}", of_key=True)


def check_target(data: DataConfig) -> None:
    """Raise a StudyError if scenes cannot have visible cells: answering zero is then perfect, for any network."""
    cells = data.cells
    if not (cells.density and cells.intensity[1] and (cells.peak or cells.fall)):
        fact = "the scenes have no cells, so answering zero is perfect and no run can be judged"
        allowed = "data.cells with a density, an intensity, and a peak or fall above 0"
        raise StudyError(("data.cells.density",), f"{fact}; allowed: {allowed}")


def resolve(overrides: Mapping[str, Any]) -> Settings:
    """Replace defaults by these overrides, given by dotted name, and check the resulting settings.

    Raises:
        StudyError: a name or a value is not allowed; its path is the dotted name.
    """
    tree: dict[str, Any] = {}
    for name, value in overrides.items():
        check_setting(name, (name,))
        *parents, leaf = name.split(".")
        node = tree
        for parent in parents:
            node = node.setdefault(parent, {})
        node[leaf] = value
    try:
        return Settings.model_validate(tree)
    except ValidationError as error:
        raise _setting_error(error, overrides) from None


def _setting_error(error: ValidationError, overrides: Mapping[str, Any]) -> StudyError:
    """Convert the first of pydantic's errors to one about a setting, by its dotted name."""
    first = error.errors(include_url=False)[0]
    steps = [str(step) for step in first["loc"]]
    name = next((n for end in range(len(steps), 0, -1) if (n := ".".join(steps[:end])) in DEFAULTS), ".".join(steps))
    given = f" (given: {quote(overrides[name])})" if name in overrides else ""
    return StudyError((name,), f"{name}: {explain(first)}{given}")
