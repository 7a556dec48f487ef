"""The settings of the data: clean images, which are scenes or pictures, the noise on them, and how many are used.

They are separate from `ablate.settings`, with the types that both use, only to keep files short.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from ablate.errors import StudyError
from ablate.variants.choices import OPEN, Variant


class Frozen(BaseModel):
    """A model that is immutable, does not convert types, and rejects unknown keys."""

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


def _one_message(rule: str) -> WrapValidator:
    """A validator with this message in place of one for each of the types that a value can have."""

    def check(value: Any, validate: ValidatorFunctionWrapHandler) -> Any:
        try:
            return validate(value)
        except ValidationError:
            raise ValueError(rule) from None

    return WrapValidator(check)


def _check_limits(value: Any) -> Any:
    if isinstance(value, tuple) and not value[0] < value[1]:
        raise ValueError("the low end of data.range must be below its high end")
    return value


def _check_sum(value: tuple[float, float, float]) -> tuple[float, float, float]:
    if abs(sum(value) - 1) > 1e-6:
        raise ValueError(f"the three fractions must add up to 1, not {sum(value):g}")
    return value


Count = Annotated[int, Field(ge=1, le=1_000_000)]
Positive = Annotated[float, Field(gt=0)]
Density = Annotated[float, Field(ge=0, le=1), AfterValidator(lambda value: value + 0.0)]
NotNegative = Annotated[float, Field(ge=0), AfterValidator(lambda value: value + 0.0)]  # turns -0.0 into 0.0, for ids
Side = Annotated[int, Field(ge=8, le=4096)]  # SSIM needs at least six pixels for its window
Size = Annotated[tuple[Side, Side], BeforeValidator(as_tuple)]
IntRange = Annotated[tuple[Count, Count], BeforeValidator(as_tuple), Field(description="both ends included")]
Range = Annotated[tuple[NotNegative, NotNegative], BeforeValidator(as_tuple)]


LevelNumber = Annotated[float, Field(ge=0.001, le=1_000_000)]  # neither end is 0 or infinite as float32
Level = Annotated[
    LevelNumber | Annotated[tuple[LevelNumber, LevelNumber], BeforeValidator(as_tuple)],
    _one_message("must be a number from 0.001 to 1,000,000, or a range of such numbers, [low, high]"),
    AfterValidator(lambda value: _check_order(value) if isinstance(value, tuple) else value),
]
"""A level of noise: a number, or the range from which each image draws its own."""
Names = Annotated[tuple[str, ...], BeforeValidator(as_tuple)]
Limits = Annotated[
    Literal["type"] | Annotated[tuple[float, float], BeforeValidator(as_tuple)],
    _one_message("must be `type` or two numbers, [low, high]"),
    AfterValidator(_check_limits),
]
NoiseName = Annotated[Literal["gaussian", "poisson", "salt_and_pepper", "speckle", "rectangles"], OPEN]
NoiseNames = Annotated[tuple[NoiseName, ...], BeforeValidator(as_tuple)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Fractions = Annotated[tuple[Fraction, Fraction, Fraction], BeforeValidator(as_tuple), AfterValidator(_check_sum)]


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


class GaussianConfig(Frozen):
    """Gaussian noise, independent in each pixel."""

    sigma: Level = Field(
        25.0, description="standard deviation, on a scale from 0 to 255; [low, high] draws one per image"
    )


class PoissonConfig(Frozen):
    """Poisson noise: the number of photons in each pixel, divided by `photons`, so its mean is the clean value."""

    photons: Level = Field(30.0, description="photons in a pixel of value 1; [low, high] draws one per image")


class SaltAndPepperConfig(Frozen):
    """Salt and pepper: some pixels become 0 or 1, with equal chance."""

    share: Annotated[float, Field(gt=0, le=1)] = Field(0.05, description="the probability that a pixel is replaced")


class SpeckleConfig(Frozen):
    """Speckle: each pixel is multiplied by a Gaussian number with mean 1."""

    sigma: Level = Field(0.2, description="standard deviation of the factor; [low, high] draws one per image")


class DataConfig(Frozen):
    """The task: clean images, scenes or pictures, and the noise on them; and on how many images a run is evaluated."""

    source: Annotated[Literal["scenes", "images"], OPEN] = Field(
        "scenes", description="where images come from: synthetic scenes, or pictures in a folder"
    )
    path: str = Field(
        "",
        description="the folder with the pictures, relative to the study file; a run's id has its content instead",
    )
    content: Annotated[str, StringConstraints(pattern="^([0-9a-f]{16})?$")] = Field(
        "", description="hash of the content of the pictures, which is filled in when the study is loaded"
    )
    omit: Names = Field((), description="names of files in the folder to leave out")
    split: Fractions = Field(
        (0.8, 0.1, 0.1),
        description="the fractions of files for training, validation and test, for a folder that is not divided into "
        "train, validation and test",
    )
    range: Limits = Field(
        "type",
        description="the pixel values that become 0 and 1: [low, high], or `type` for the full range of an integer "
        "type, and 0 to 1 for floats",
    )
    flips: bool = Field(True, description="whether training crops of pictures are flipped at random, left to right")
    turns: bool = Field(
        True, description="whether training crops of pictures are turned at random, by quarters if they are square"
    )
    noise: NoiseNames = Field(
        (),
        description="kinds of noise, applied in this order: gaussian, poisson, salt_and_pepper, speckle, rectangles; "
        "by default rectangles on scenes, and none on pairs of pictures",
    )
    clip: bool = Field(False, description="whether noisy values are clipped to the range of the pixels")
    gaussian: GaussianConfig = GaussianConfig()
    poisson: PoissonConfig = PoissonConfig()
    salt_and_pepper: SaltAndPepperConfig = SaltAndPepperConfig()
    speckle: SpeckleConfig = SpeckleConfig()
    cells: CellConfig = CellConfig()
    filled: FilledConfig = FilledConfig()
    noisy: NoisyConfig = NoisyConfig()
    validation: Count = Field(256, description="validation scenes or crops, the same for all seeds")
    test: Annotated[int, Field(ge=2, le=1_000_000)] = Field(
        2048, description="test scenes or crops, the same for all seeds"
    )

    @model_validator(mode="after")
    def _check_source(self) -> DataConfig:
        if self.source == "images" and not self.path:
            raise StudyError(("data.path",), "data.source: images needs data.path, the folder with the pictures")
        useless = {"scenes": OF_PICTURES, "images": ("cells",)}
        for name in useless.get(self.source, ()):  # a source of the user's own can use any
            if getattr(self, name) != type(self).model_fields[name].default:
                allowed = "data.source: images" if self.source == "scenes" else "data.source: scenes"
                raise StudyError((f"data.{name}",), f"data.{name} has no meaning here; it goes with {allowed}")
        return self

    @model_validator(mode="after")
    def _check_noise(self) -> DataConfig:
        """Refuse settings of a noise that is not applied, since they would change a run's id and nothing else."""
        if isinstance(self.source, Variant) or any(isinstance(noise, Variant) for noise in self.noise):
            return self  # a part of the user's own can use any setting
        for name, noise in NOISE_OF.items():
            if noise not in self.noises and getattr(self, name) != type(self).model_fields[name].default:
                fact = f"data.{name} changes nothing, since data.noise does not list {noise}"
                raise StudyError((f"data.{name}",), f"{fact}; remove it, or add the noise")
        return self

    @property
    def noises(self) -> tuple[str, ...]:
        """The noises that are applied, in this order."""
        return self.noise or (("rectangles",) if self.source == "scenes" else ())

    @property
    def constant_prediction(self) -> str:
        """The output of a network that has learned nothing, in words."""
        words = {"scenes": "zero", "images": "the mean of the training pictures"}
        return words.get(self.source, "a constant")  # a source of the user's own says which by its `constant`

    @property
    def has_noise(self) -> bool:
        """Whether the settings allow any noise; without noise the input itself is a perfect answer."""
        rectangles = any(part.density and part.value[1] for part in (self.filled, self.noisy))
        return rectangles or self.noises != ("rectangles",)


OF_PICTURES = ("path", "content", "omit", "split", "range", "flips", "turns")
"""The settings of the data that only pictures have."""

NOISE_OF = {
    **{name: name for name in ("gaussian", "poisson", "salt_and_pepper", "speckle")},
    **dict.fromkeys(("filled", "noisy"), "rectangles"),
}
"""The noise that each section of settings is about."""
