"""The seeds of a study, and the looks at which it is judged."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from ablate.studies.seeds import Seeds, list_seeds, plan_looks

SEEDS: TypeAdapter[Any] = TypeAdapter(Seeds)


def looks(stated: object) -> list[int]:
    return [look.seeds for look in plan_looks(SEEDS.validate_python(stated))]


@pytest.mark.parametrize(
    ("stated", "seeds", "numbers"),
    [
        (3, (0, 1, 2), [3]),
        ([7, 3], (7, 3), [2]),
        ({"from": 3, "to": 12}, tuple(range(12)), [3, 5, 8, 12]),
        ({"from": 4, "to": 4}, tuple(range(4)), [4]),
        ({"looks": [2, 9]}, tuple(range(9)), [2, 9]),
        ({"from": 2, "to": 9, "looks": [2, 5, 9]}, tuple(range(9)), [2, 5, 9]),
    ],
    ids=str,
)
def test_seeds_are_stated_in_three_ways(stated: object, seeds: tuple[int, ...], numbers: list[int]) -> None:
    assert list_seeds(SEEDS.validate_python(stated)) == seeds
    assert looks(stated) == numbers


@given(st.integers(2, 1000), st.integers(2, 1000))
def test_each_look_has_at_most_half_as_many_seeds_again(first: int, last: int) -> None:
    if first > last:
        return
    found = looks({"from": first, "to": last})
    assert (found[0], found[-1]) == (first, last)
    assert all(now < then <= 1.5 * now + 1 for now, then in pairwise(found))


@pytest.mark.parametrize(
    "stated",
    [
        *({}, {"from": 3}, {"to": 3}, {"from": 5, "to": 3}, {"looks": []}, {"looks": [3, 3]}, {"looks": [5, 3]}),
        *({"looks": [1, 3]}, {"from": 2, "looks": [3, 5]}, {"to": 9, "looks": [3, 5]}, {"from": 3, "to": 1001}),
        *({"from": 3, "to": 5, "by": 2}, 0, 1001, [], [1, 1], [-1], "three", True, None, 2.0),
    ],
    ids=str,
)
def test_other_seeds_are_refused(stated: object) -> None:
    with pytest.raises(ValidationError):
        SEEDS.validate_python(stated)
