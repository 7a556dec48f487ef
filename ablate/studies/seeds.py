"""The seeds of a study: a number of them, a list, or more and more of them until every arm is decided."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from ablate.data_settings import Frozen, as_tuple
from ablate.statistics.multiplicity import Look, spend

MAX_SEEDS = 1000
GROWTH = 1.5
"""Ratio of the seeds of successive looks where the file does not list them: 3, 5, 8, 12, ..."""

Seed = Annotated[int, Field(ge=0, lt=2**63)]
SeedsOfLook = Annotated[int, Field(ge=2, le=MAX_SEEDS)]


class Until(Frozen):
    """Seeds until decided: a first look at a few seeds of all arms, then at more seeds of the undecided arms."""

    first: SeedsOfLook | None = Field(None, alias="from", description="number of seeds at the first look")
    last: SeedsOfLook | None = Field(None, alias="to", description="number of seeds at the last look")
    looks: Annotated[tuple[SeedsOfLook, ...], Field(min_length=1), BeforeValidator(as_tuple)] | None = Field(
        None, description="number of seeds at each look; by default half as many again each time: 3, 5, 8, 12"
    )

    @model_validator(mode="after")
    def _check_looks(self) -> Until:
        if self.looks is None and (self.first is None or self.last is None):
            raise ValueError("seeds until decided need `from` and `to`, or `looks`")
        ascending = all(before < now for before, now in pairwise(self.numbers))
        ends = (self.first or self.numbers[0], self.last or self.numbers[-1])
        if not ascending or ends != (self.numbers[0], self.numbers[-1]):
            raise ValueError("each look must have more seeds than the one before, from `from` to `to`")
        return self

    @property
    def numbers(self) -> tuple[int, ...]:
        """The number of seeds at each look."""
        if self.looks is not None:
            return self.looks
        assert self.first is not None
        assert self.last is not None
        found = [self.first]
        while math.ceil(GROWTH * found[-1]) < self.last:
            found.append(math.ceil(GROWTH * found[-1]))
        return tuple(found) if self.first == self.last else (*found, self.last)


def _check_number(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be a number of seeds, a list of integers, or {from: 3, to: 12} for seeds until decided")
    if not 1 <= value <= MAX_SEEDS:
        raise ValueError(f"the number of seeds must be from 1 to {MAX_SEEDS}")
    return value


def _check_distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice")
    return seeds


def _kind(value: object) -> str:
    return "until" if isinstance(value, Mapping | Until) else "list" if isinstance(value, list | tuple) else "number"


Seeds = Annotated[
    Annotated[int, Field(ge=1, le=MAX_SEEDS), BeforeValidator(_check_number), Tag("number")]
    | Annotated[
        tuple[Seed, ...], Field(min_length=1), BeforeValidator(as_tuple), AfterValidator(_check_distinct), Tag("list")
    ]
    | Annotated[Until, Tag("until")],
    Discriminator(_kind),
]
"""Seeds in the three forms that a study's file can state them in."""


def list_seeds(seeds: int | tuple[int, ...] | Until) -> tuple[int, ...]:
    """List all seeds: `5` means 0 to 4."""
    if isinstance(seeds, Until):
        return tuple(range(seeds.numbers[-1]))
    return tuple(range(seeds)) if isinstance(seeds, int) else seeds


def plan_looks(seeds: int | tuple[int, ...] | Until) -> tuple[Look, ...]:
    """List the looks at which a study is judged: only one, at all seeds, unless it has seeds until decided."""
    return spend(seeds.numbers if isinstance(seeds, Until) else (len(list_seeds(seeds)),))
