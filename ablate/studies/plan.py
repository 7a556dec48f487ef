"""What is compared: all that the statistics and a report need to know about a study, but not how it is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from ablate.metrics import Metric
from ablate.statistics.claims import Claim, Pair
from ablate.statistics.multiplicity import Family, Look

Seed = int | str
"""What identifies a seed: its number or, in a table of scores, any label."""


@dataclass(frozen=True, kw_only=True)
class PlannedArm:
    """One of the variants that are compared.

    Attributes:
        name: its name in tables and figures.
        against: the name of the arm that it is compared with; None for a reference.
    """

    name: str
    against: str | None


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Which arms are compared, by which score, over which seeds.

    Attributes:
        name: of the report.
        question: that the comparison answers.
        metric: the metric that decides.
        margin: the smallest difference that matters to the reader, in the unit of the metric.
        arms: in the order of the report.
        claims: about the arms, stated before the first run.
        seeds: all that might be needed, in the order in which looks take them.
        looks: when verdicts are read: once, at all seeds, or several times until everything is decided.
        missing: how many seeds of each comparison may lack a run for good without making its verdict wait.
        max_runs, max_seconds: limits of training, beyond which no further look is taken; None for no limit.
    """

    name: str
    question: str
    metric: Metric
    margin: float
    arms: tuple[PlannedArm, ...]
    claims: tuple[Claim, ...]
    seeds: tuple[Seed, ...]
    looks: tuple[Look, ...]
    missing: int = 0
    max_runs: int | None = None
    max_seconds: float | None = None

    @property
    def level_seeds(self) -> tuple[Seed, ...]:
        """The seeds of the first look, which all arms have: over these, the levels of arms can be compared."""
        return self.seeds[: self.looks[0].seeds]

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """The pairs of arms that are compared and among which the error rate is divided."""
        return find_pairs(self.arms, self.claims)

    @cached_property
    def against(self) -> dict[str, str]:
        """The arm that each arm is compared with, both by name; references have no entry."""
        return {arm.name: arm.against for arm in self.arms if arm.against is not None}

    @cached_property
    def family(self) -> Family:
        """The comparisons, and the looks at which they are made."""
        return Family(self.pairs, self.looks, max_runs=self.max_runs, max_seconds=self.max_seconds)

    @property
    def axes(self) -> dict[str, list[object]]:
        """The axes that vary if the arms are all combinations of their values; empty for other arms."""
        return {}

    @property
    def baseline(self) -> Mapping[str, object]:
        """The values of axes that make an arm a reference; empty if the reference has a name."""
        return {}


def find_pairs(arms: Sequence[PlannedArm], claims: Sequence[Claim]) -> tuple[Pair, ...]:
    """List the pairs (arm, what it is compared with) that are compared and among which the error rate is divided.

    Each arm is compared with its reference, and a claim about two other arms adds a pair. A claim that compares a
    reference with one of its arms does not: its interval is that of the arm's own pair, with the sign changed.
    """
    found = [(arm.name, arm.against) for arm in arms if arm.against is not None]
    found += [(claim.arm, claim.than) for claim in claims]
    first: dict[frozenset[str], Pair] = {}
    for pair in found:
        first.setdefault(frozenset(pair), pair)
    return tuple(first.values())
