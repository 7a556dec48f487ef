"""A study: a question, the arms that answer it, the seeds, and the smallest difference that matters to the reader."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    StringConstraints,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

from ablate.data_settings import Frozen
from ablate.errors import Steps, StudyError, quote, suggest
from ablate.metrics import STUDY_METRICS
from ablate.overrides import PLACES, check_setting
from ablate.statistics.claims import Expected
from ablate.statistics.multiplicity import Look
from ablate.studies.seeds import Seeds, Until, list_seeds, plan_looks
from ablate.studies.space import Tune
from ablate.variants.choices import Variants
from ablate.variants.files import NAME

Overrides = TypeAliasType("Overrides", dict[str, Any])
Axes = TypeAliasType("Axes", Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)])


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(lambda text: " ".join(text.split()))
]


def _check_selector(value: object) -> object:
    if not isinstance(value, dict | str):
        raise ValueError("must be settings that only one arm has, or the name of an arm")
    return value


ArmSelector = Annotated[Overrides | str, BeforeValidator(_check_selector)]


def _read_variants(value: object, info: ValidationInfo) -> Variants:
    """Read the files that a study lists, in the folder of the study (`context`), or else in the current one."""
    if isinstance(value, Variants):
        return value
    if not isinstance(value, list):
        raise ValueError("must be a list of Python files beside the study, such as [my_parts.py]")
    return Variants.read(value, (info.context or {}).get("folder", Path()), PLACES)


OwnParts = Annotated[
    Variants,
    PlainValidator(_read_variants),
    PlainSerializer(lambda variants: variants.names),
    WithJsonSchema({"type": "array", "items": {"type": "string", "pattern": NAME}, "uniqueItems": True}),
    Field(description="Python files beside this one, whose own parts this study can use; loading it executes them"),
]


class Expectation(Frozen):
    """A claim as the YAML file states it; `claims.find_claims` finds the two arms that it compares."""

    arm: ArmSelector = Field(description="the arm, by settings that no other arm has or by its name in `arms`")
    than: ArmSelector | None = Field(
        None, description="the arm that it is compared with, given in the same way; by default its reference"
    )
    verdict: Expected = Field(description="the verdict that is expected of `arm`")


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = "^[1-9][0-9]{0,5}[smh]$"


def _check_duration(value: object) -> object:
    """Reject anything but `90s`, `30m`, `2h`; editors check the same by the pattern `DURATION` in the schema."""
    if not isinstance(value, str) or not re.fullmatch(DURATION, value):
        raise ValueError("must be a time with its unit: 90s, 30m or 2h")
    return value


Duration = Annotated[str, BeforeValidator(_check_duration), StringConstraints(pattern=DURATION)]


def seconds(duration: str) -> float:
    """Convert a `Duration` to seconds."""
    return int(duration[:-1]) * UNITS[duration[-1]]


class Study(Frozen):
    """A study as its YAML file states it; `planning.Design` resolves it into arms.

    Raises:
        StudyError: a setting or a metric is unknown, or two keys do not go together.
    """

    name: Name = Field(description="the file's name without its ending; names the report and the MLflow experiment")
    question: Text = Field(description="the question that the study answers, in one sentence")
    variants: OwnParts = Variants()
    base: Overrides = Field({}, description="overrides of the defaults, shared by all arms")
    vary: Axes | None = Field(None, description="the axes, which are settings, each with a list of values")
    design: Literal["grid", "one-at-a-time"] = Field(
        "grid",
        description="which arms the axes define: all combinations of values, or the reference with one axis changed",
    )
    arms: dict[str, Overrides] | None = Field(
        None, min_length=1, description="arms by name, each with its overrides; instead of `vary`"
    )
    reference: Overrides | str = Field(
        description="the arm that the others are compared with, by its name in `arms` or by values of one or more axes"
    )
    requested_seeds: Seeds = Field(
        alias="seeds",
        description="a number of seeds, a list of integers, or {from: 3, to: 12} for seeds until all arms are decided",
    )
    metric: str = Field(
        "test/psnr", description="the metric that decides", json_schema_extra={"enum": list(STUDY_METRICS)}
    )
    margin: Annotated[float, Field(gt=0)] = Field(
        description="the smallest difference that matters to the reader, in the unit of the metric"
    )
    missing: Annotated[int, Field(ge=0)] = Field(
        0,
        description="how many seeds of each comparison may lack a run for good without making its verdict wait; state "
        "it before the first run",
    )
    tune: Tune | None = Field(
        None, description="how each arm is tuned, if it is, so that arms are compared with their own best settings"
    )
    expect: list[Expectation] = Field([], description="claims, stated before the first run, that the report checks")
    timeout: Duration | None = Field(
        None, description="the time after which a run is stopped, e.g. 90s, 30m or 2h; no limit by default"
    )

    runs: Annotated[int, Field(ge=1)] | None = Field(
        None, description="limit on the number of runs of a study with seeds until decided; no limit by default"
    )
    budget: Duration | None = Field(
        None,
        description="limit on the training time of a study with seeds until decided, e.g. 2h; no limit by default",
    )

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds that the study might need."""
        return list_seeds(self.requested_seeds)

    @property
    def looks(self) -> tuple[Look, ...]:
        """When the study is judged: once, at all seeds, or several times until it is decided."""
        return plan_looks(self.requested_seeds)

    @property
    def has_limits(self) -> bool:
        """Whether a limit on runs or on training time can end the study before it is decided."""
        return self.runs is not None or self.budget is not None

    @property
    def budget_seconds(self) -> float | None:
        """`budget` in seconds."""
        return seconds(self.budget) if self.budget else None

    @property
    def timeout_seconds(self) -> float | None:
        """`timeout` in seconds."""
        return seconds(self.timeout) if self.timeout else None

    @field_validator("metric")
    @classmethod
    def _check_metric(cls, metric: str) -> str:
        if metric not in STUDY_METRICS:
            raise ValueError(f"'{metric}' is not a metric that can decide a study; {suggest(metric, STUDY_METRICS)}")
        return metric

    @model_validator(mode="after")
    def _check_arm_names(self) -> Study:
        for name in self.arms or {}:
            if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= 100 or "|" in name:
                rule = "an arm's name must be 1 to 100 printable characters, without '|' and surrounding spaces"
                raise StudyError(("arms", name), f"{rule} (given: {quote(name)})", of_key=True)
        return self

    @model_validator(mode="after")
    def _check_limits(self) -> Study:
        for key in ("runs", "budget"):
            if getattr(self, key) is not None and not isinstance(self.requested_seeds, Until):
                rule = f"`{key}` needs seeds until decided, as in `seeds: {{from: 3, to: 12}}`"
                raise StudyError((key,), f"{rule} (given: seeds: {quote(self.requested_seeds)})", of_key=True)
        return self

    @model_validator(mode="after")
    def _check_missing(self) -> Study:
        first = self.looks[0].seeds
        if self.missing >= first:
            rule = (
                f"`missing` must be less than the number of seeds{' of the first look' if len(self.looks) > 1 else ''}"
            )
            raise StudyError(("missing",), f"{rule}, {first} (given: {self.missing}); allowed: 0 to {first - 1}")
        return self

    @model_validator(mode="after")
    def _check_settings(self) -> Study:
        paths: list[Steps] = [("base", name) for name in self.base]
        paths += [("vary", name) for name in self.vary or {}]
        paths += [("arms", arm, name) for arm, overrides in (self.arms or {}).items() for name in overrides]
        for path in paths:
            check_setting(str(path[-1]), path, self.variants)
        return self

    @model_validator(mode="after")
    def _check_kind_of_arms(self) -> Study:
        if self.arms is not None and self.vary is not None:
            raise StudyError(("arms",), "a study has either `arms` or `vary`; remove one of them", of_key=True)
        if self.arms is None and self.vary is None:
            raise StudyError((), "a study needs `vary` (axes and their values) or `arms` (named overrides)")
        if self.arms is not None and "design" in self.model_fields_set:
            raise StudyError(("design",), "`design` goes with `vary`, not with `arms`; remove it", of_key=True)
        if self.arms is not None and not isinstance(self.reference, str):
            fact = f"with `arms` the reference must be the name of an arm (given: {quote(self.reference)})"
            raise StudyError(("reference",), f"{fact}; {suggest('', self.arms)}")
        if self.vary is not None and isinstance(self.reference, str):
            fact = f"with `vary` the reference must be a mapping of axes to values (given: {quote(self.reference)})"
            raise StudyError(("reference",), fact)
        return self
