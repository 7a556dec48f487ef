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
from ablate.statistics.claims import Expected
from ablate.statistics.multiplicity import Look
from ablate.studies.seeds import Seeds, Until, listed, looks_of
from ablate.studies.space import Tune

Overrides = TypeAliasType("Overrides", dict[str, Any])
Axes = TypeAliasType("Axes", Annotated[dict[str, Annotated[list[Any], Field(min_length=1)]], Field(min_length=1)])


Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")]
Text = Annotated[
    str, StringConstraints(min_length=1, max_length=1000), AfterValidator(lambda text: " ".join(text.split()))
]


def _chosen(value: object) -> object:
    if not isinstance(value, dict | str):
        raise ValueError("must be settings that one arm has, or an arm's name")
    return value


Chosen = Annotated[Overrides | str, BeforeValidator(_chosen)]


class Expectation(Frozen):
    """A claim as the YAML states it; `claims.find_claims` finds the arms that it is about."""

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


Duration = Annotated[str, BeforeValidator(_duration), StringConstraints(pattern=DURATION)]


def seconds(duration: str) -> float:
    """A `Duration` in seconds."""
    return int(duration[:-1]) * UNITS[duration[-1]]


class Study(Frozen):
    """A study as its YAML states it; `planning.Design` resolves it into arms.

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
    asked_seeds: Seeds = Field(
        alias="seeds",
        description="a number of seeds, a list of integers, or {from: 3, to: 12}: more and more until all is decided",
    )
    metric: str = Field("test/psnr", description="the metric that decides", json_schema_extra={"enum": list(JUDGED)})
    margin: Annotated[float, Field(gt=0)] = Field(
        description="in the metric's unit: a smaller difference does not matter to the reader"
    )
    tune: Tune | None = Field(
        None, description="tunes each arm before they are compared, each with its own best settings"
    )
    expect: list[Expectation] = Field([], description="claims, stated before the first run, that the report checks")
    timeout: Duration | None = Field(
        None, description="the time after which a run is stopped, e.g. 90s, 30m or 2h; none by default"
    )

    runs: Annotated[int, Field(ge=1)] | None = Field(
        None, description="with seeds until decided: the number of runs after which what is undecided stays so"
    )
    budget: Duration | None = Field(
        None, description="with seeds until decided: likewise the training time of all runs together, e.g. 2h"
    )

    @property
    def seeds(self) -> tuple[int, ...]:
        """All seeds that it may need."""
        return listed(self.asked_seeds)

    @property
    def looks(self) -> tuple[Look, ...]:
        """When it is judged: once, at all seeds, or until it is decided."""
        return looks_of(self.asked_seeds)

    @property
    def limited(self) -> bool:
        """Whether a number of runs or a budget may end it before it is decided."""
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
    def _budget_ends_something(self) -> Study:
        for key in ("runs", "budget"):
            if getattr(self, key) is not None and not isinstance(self.asked_seeds, Until):
                rule = f"`{key}` goes with seeds until decided, as in `seeds: {{from: 3, to: 12}}`"
                raise StudyError((key,), f"{rule} (given: seeds: {shown(self.asked_seeds)})", of_key=True)
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
