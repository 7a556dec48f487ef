"""What is asked: a question, the arms that answer it, the seeds, and the margin that matters to the reader."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)
from typing_extensions import TypeAliasType

from ablate.errors import Steps, StudyError, nearest, shown
from ablate.metrics import JUDGED
from ablate.settings import Frozen, check_setting

Overrides = TypeAliasType("Overrides", dict[str, Any])
Axes = TypeAliasType("Axes", Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)])


def _seeds(value: object) -> object:
    """`5` means the seeds 0 to 4."""
    if isinstance(value, int) and not isinstance(value, bool):
        if not 1 <= value <= 1000:
            raise ValueError("a number of seeds is from 1 to 1000")
        return tuple(range(value))
    if not isinstance(value, list | tuple):
        raise ValueError("must be a number of seeds or a list of integers")
    if len(set(map(repr, value))) < len(value):
        raise ValueError("a seed is given twice")
    return tuple(value)


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(lambda text: " ".join(text.split()))
]
Seed = Annotated[int, Field(ge=0, lt=2**63)]
Seeds = Annotated[
    tuple[Seed, ...],
    Field(min_length=1),
    BeforeValidator(
        _seeds,
        json_schema_input_type=Annotated[int, Field(ge=1, le=1000)] | Annotated[list[Seed], Field(min_length=1)],
    ),
]
Expected = Literal["better", "worse", "equivalent"]


def _chosen(value: object) -> object:
    if not isinstance(value, dict | str):
        raise ValueError("must be settings that one arm has, or an arm's name")
    return value


Chosen = Annotated[Overrides | str, BeforeValidator(_chosen)]


class Expectation(Frozen):
    """A claim as the YAML states it; `claims.claims` finds the arms that it is about."""

    arm: Chosen = Field(description="settings that exactly one arm has, or the name of one of `arms`")
    than: Chosen | None = Field(None, description="the arm that it is compared with; by default its reference")
    verdict: Expected = Field(description="what is expected of `arm`")


UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}
DURATION = "^[1-9][0-9]{0,5}[smh]$"


def _duration(value: object) -> object:
    """`90s`, `30m`, `2h`; `DURATION` says it to editors."""
    if not isinstance(value, str) or not re.fullmatch(DURATION, value):
        raise ValueError("must be a time with its unit: 90s, 30m or 2h")
    return value


class Study(Frozen):
    """A study as its YAML states it; `planning.arms` resolves it into arms.

    Raises:
        StudyError: `arms` stands beside `vary`, or `reference` is of the wrong kind for them.
    """

    name: Name = Field(description="the file's name without its ending; names the report and the MLflow experiment")
    question: Text = Field(description="what the study asks, in a sentence")
    base: Overrides = Field({}, description="overrides of the defaults, shared by all arms")
    vary: Axes | None = Field(None, description="axes: for each setting the values that it takes")
    design: Literal["grid", "one-at-a-time"] = Field(
        "grid", description="grid: all combinations of the axes; one-at-a-time: the reference, changed in one axis each"
    )
    arms: dict[str, Overrides] | None = Field(None, min_length=1, description="named arms, instead of `vary`")
    reference: Overrides | str = Field(description="what arms are compared with: values of axes, or an arm's name")
    seeds: Seeds = Field(description="a number of seeds, or a list of integers")
    metric: str = Field("test/psnr", description="the metric that decides", json_schema_extra={"enum": list(JUDGED)})
    margin: Annotated[float, Field(gt=0)] = Field(
        description="in the metric's unit: a smaller difference does not matter to the reader"
    )
    expect: list[Expectation] = Field([], description="claims, stated before the first run, that the report checks")
    timeout: Annotated[str, BeforeValidator(_duration), StringConstraints(pattern=DURATION)] | None = Field(
        None, description="the time after which a run is stopped, e.g. 90s, 30m or 2h; none by default"
    )

    @property
    def timeout_seconds(self) -> float | None:
        """`timeout` in seconds."""
        return int(self.timeout[:-1]) * UNITS[self.timeout[-1]] if self.timeout else None

    @field_validator("metric")
    @classmethod
    def _known_metric(cls, metric: str) -> str:
        if metric not in JUDGED:
            raise ValueError(f"there is no metric '{metric}' that can decide a study; {nearest(metric, JUDGED)}")
        return metric

    @model_validator(mode="after")
    def _arms_have_printable_names(self) -> Study:
        for name in self.arms or {}:
            if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= 100 or "|" in name:
                rule = "an arm's name is 1 to 100 printable characters, without '|' and without blanks around it"
                raise StudyError(("arms", name), f"{rule} (given: {shown(name)})", of_key=True)
        return self

    @model_validator(mode="after")
    def _known_settings(self) -> Study:
        paths: list[Steps] = [("base", name) for name in self.base]
        paths += [("vary", name) for name in self.vary or {}]
        paths += [("arms", arm, name) for arm, overrides in (self.arms or {}).items() for name in overrides]
        for path in paths:
            check_setting(str(path[-1]), path)
        return self

    @model_validator(mode="after")
    def _one_kind_of_arms(self) -> Study:
        if self.arms is not None and self.vary is not None:
            raise StudyError(("arms",), "`arms` cannot stand beside `vary`: named arms, or axes", of_key=True)
        if self.arms is None and self.vary is None:
            raise StudyError((), "a study needs `vary` (axes and their values) or `arms` (named overrides)")
        if self.arms is not None and "design" in self.model_fields_set:
            raise StudyError(("design",), "`design` goes with `vary`, not with `arms`", of_key=True)
        if self.arms is not None and not isinstance(self.reference, str):
            raise StudyError(("reference",), f"with `arms` the reference is an arm's name; {nearest('', self.arms)}")
        if self.vary is not None and isinstance(self.reference, str):
            fact = f"with `vary` the reference is a mapping of axes to values (given: {shown(self.reference)})"
            raise StudyError(("reference",), fact)
        return self
