"""The content of `verdicts.json`: what was decided and by which rule, for other programs; its JSON schema is published.

`metrics.json` has the numbers of each arm. What both files say about a difference is one model, `Difference`.
Differences are in the unit of the metric, and up is good: a positive one is an improvement. Numbers have six
significant digits, and those that are infinite or not known are null.
"""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from ablate.statistics.claims import Expected, Outcome, Verdict
from ablate.statistics.multiplicity import End


def six_digits(value: float | None) -> float | None:
    """A number with six significant digits; None for one that JSON lacks."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


Number = Annotated[float | None, BeforeValidator(six_digits)]
Share = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A part of the file; unknown keys are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Difference(Part):
    """The paired differences of an arm from its reference."""

    pairs: int = Field(description="seeds that both arms have")
    difference: Number = Field(description="mean of the paired differences; positive is better")
    difference_sd: Number = Field(description="their standard deviation")
    low: Number = Field(description="lower end of the outer interval, by which an arm is better or worse")
    high: Number = Field(description="its upper end")
    level: Number = Field(description="its confidence")
    inner_low: Number = Field(description="lower end of the inner interval, by which an arm is equivalent")
    inner_high: Number = Field(description="its upper end")
    smallest_margin: Number = Field(description="the margin above which the arm would be equivalent")


class Judged(Part):
    """Two arms and the verdict on them."""

    arm: str
    against: str = Field(description="the arm that it is compared with")
    verdict: Verdict


class Decision(Difference, Judged):
    """The verdict on an arm, compared with its reference."""

    for_median: bool = Field(description="whether the verdict holds for the median seed, too, whatever the noise")
    wins: int | None = Field(description="seeds in which the arm is better than its reference")
    barred: list[Verdict] = Field(description="the verdicts that bad runs of either arm rule out")
    look: int = Field(description="seeds of the last look that included the arm")
    end: End | None = Field(description="why no further look includes it; null while more can follow")


class ClaimOutcome(Difference, Judged):
    """A claim that was stated before the first run, and whether it holds."""

    claimed: Expected
    outcome: Outcome


class MetricFacts(Part):
    """The metric that decides."""

    name: str
    description: str
    unit: str = Field(description="empty for a number without a unit")
    higher_is_better: bool


class LookFacts(Part):
    """A planned look at the verdicts."""

    seeds: int
    level: Share = Field(description="confidence of each outer interval at this look")


class RunFacts(Part):
    """A run without a score."""

    arm: str
    seed: int | str
    status: str


class BadSeeds(Part):
    """How many seeds have a bad run in any arm, among those of which every arm has a run."""

    bad: int
    seeds: int
    bound: Share = Field(description="upper 95% bound on the rate of such seeds")


class VerdictFile(Part):
    """What was decided about the arms of a study, and by which rule."""

    version: Literal[1] = Field(1, description="of this format")
    name: str
    question: str
    metric: MetricFacts
    margin: float = Field(gt=0, description="smallest difference that matters, in the unit of the metric")
    confidence: Share = Field(description="with which all verdicts hold jointly, unless a warning says otherwise")
    comparisons: int = Field(ge=1, description="pairs of arms over which the error is shared")
    shared_by: str = Field(description="the rule that shares the error over comparisons")
    spent_by: str | None = Field(description="the rule that spends it over several looks; null with a single one")
    seeds: list[int | str] = Field(description="all seeds that might be needed, in the order in which looks take them")
    looks: list[LookFacts]
    missing: int = Field(ge=0, description="seeds of a comparison that may lack a run without making it wait")
    verdicts: list[Decision]
    claims: list[ClaimOutcome]
    waiting_for: list[RunFacts] = Field(description="missing runs, for which verdicts wait")
    left_out: list[RunFacts] = Field(description="missing runs, for which no verdict waits")
    bad_seeds: BadSeeds
    warnings: list[str] = Field(description="what readers must know before they believe the rest")


def verdict_schema() -> dict[str, Any]:
    """Generate the JSON schema (draft 2020-12) of `verdicts.json`."""
    schema = VerdictFile.model_json_schema(mode="serialization")
    about = {"description": "Verdicts on the arms of a study; written by `ablate schema --verdicts`."}
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | schema | about
