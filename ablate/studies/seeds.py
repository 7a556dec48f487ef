"""Which seeds a study has: a number of them, a list, or more and more until every arm is decided."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from ablate.settings import Frozen
from ablate.statistics.multiplicity import Look, spend

MOST_SEEDS = 1000
GROWTH = 1.5
"""From one look to the next, where they are not listed: 3, 5, 8, 12, ..."""

Seed = Annotated[int, Field(ge=0, lt=2**63)]
Looked = Annotated[int, Field(ge=2, le=MOST_SEEDS)]


def _tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class Until(Frozen):
    """Seeds until decided: looks at the first few seeds, then at more, with the arms that are still undecided."""

    first: Looked | None = Field(None, alias="from", description="seeds of the first look")
    last: Looked | None = Field(None, alias="to", description="seeds of the last look")
    looks: Annotated[tuple[Looked, ...], Field(min_length=1), BeforeValidator(_tuple)] | None = Field(
        None, description="seeds of each look; by default half as many again each time: 3, 5, 8, 12"
    )

    @model_validator(mode="after")
    def _whole(self) -> Until:
        if self.looks is None and (self.first is None or self.last is None):
            raise ValueError("seeds until decided have `from` and `to`, or `looks`")
        ascending = all(before < now for before, now in pairwise(self.numbers))
        ends = (self.first or self.numbers[0], self.last or self.numbers[-1])
        if not ascending or ends != (self.numbers[0], self.numbers[-1]):
            raise ValueError("looks are at more and more seeds, the first `from` and the last `to`")
        return self

    @property
    def numbers(self) -> tuple[int, ...]:
        """Seeds of each look."""
        if self.looks is not None:
            return self.looks
        assert self.first is not None
        assert self.last is not None
        found = [self.first]
        while math.ceil(GROWTH * found[-1]) < self.last:
            found.append(math.ceil(GROWTH * found[-1]))
        return tuple(found) if self.first == self.last else (*found, self.last)


def _whole_number(value: object) -> object:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError("must be a number of seeds, a list of integers, or {from: 3, to: 12}: until decided")
    if not 1 <= value <= MOST_SEEDS:
        raise ValueError(f"a number of seeds is from 1 to {MOST_SEEDS}")
    return value


def _distinct(seeds: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("a seed is given twice")
    return seeds


def _kind(value: object) -> str:
    return "until" if isinstance(value, Mapping | Until) else "list" if isinstance(value, list | tuple) else "number"


Seeds = Annotated[
    Annotated[int, Field(ge=1, le=MOST_SEEDS), BeforeValidator(_whole_number), Tag("number")]
    | Annotated[tuple[Seed, ...], Field(min_length=1), BeforeValidator(_tuple), AfterValidator(_distinct), Tag("list")]
    | Annotated[Until, Tag("until")],
    Discriminator(_kind),
]
"""As a study's file states them."""


def listed(seeds: int | tuple[int, ...] | Until) -> tuple[int, ...]:
    """All seeds: `5` means 0 to 4."""
    if isinstance(seeds, Until):
        return tuple(range(seeds.numbers[-1]))
    return tuple(range(seeds)) if isinstance(seeds, int) else seeds


def looks_of(seeds: int | tuple[int, ...] | Until) -> tuple[Look, ...]:
    """The looks: a single one at all seeds, but for `Until`."""
    return spend(seeds.numbers if isinstance(seeds, Until) else (len(listed(seeds)),))
