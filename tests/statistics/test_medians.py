"""The mark "for the median seed, too": when a verdict has it, and that it holds whatever the noise."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.statistics.intervals import fewest_seeds, median_intervals
from ablate.statistics.multiplicity import level_of, spend
from ablate.statistics.verdicts import compare, judge
from tests.helpers.paired import margins, pairs, relaxed


@pytest.mark.parametrize(
    ("differences", "verdict", "wins", "marked"),
    [
        ([0.3, 0.4, 0.5, 0.4, 0.3, 0.6], "better", 6, True),
        ([0.3, 0.4, 0.5, 0.4, 0.3], "better", 5, False),  # 5 of 5 wins happen by chance in 2/32 > 5%
        ([-0.3, -0.4, -0.5, -0.4, -0.3, -0.6], "worse", 0, True),
        ([0.01, -0.02, 0.0, 0.02, -0.01, 0.01], "equivalent", 3, True),
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, 0.9, -0.01], "better", 8, True),  # 2 (1 + 9)/512 < 5%
        ([0.9, 0.9, 0.9, 0.9, 0.9, 0.9, -0.01, -0.01], "better", 6, False),
        ([5.0, -0.1, 0.1, -0.2, 0.2, 0.0], "undecided", 3, False),
    ],
)
def test_a_verdict_is_marked_if_the_median_has_it_too(
    differences: list[float], verdict: str, wins: int, marked: bool
) -> None:
    found = compare(30 + np.array(differences), np.full(len(differences), 30.0), margin=0.25, comparisons=1)
    assert found.median is not None
    assert (found.verdict, found.median.wins, found.is_for_median) == (verdict, wins, marked)


@relaxed
@given(pairs, margins, st.integers(1, 20), st.floats(0.1, 1))
def test_the_median_is_judged_by_the_same_rule_and_the_same_error(
    pair: Any, margin: float, comparisons: int, share: float
) -> None:
    found = compare(*pair.T, margin=margin, comparisons=comparisons, share=share)
    differences, error = pair[:, 0] - pair[:, 1], 0.05 / comparisons * share
    outer, inner = (median_intervals(differences, 1 - one * error) for one in (1, 2))
    assert found.median is not None
    ends = [found.median.low, found.median.high, found.median.inner_low, found.median.inner_high]
    assert ends == [float(end) for end in (*outer, *inner)]
    assert found.median.verdict == judge(outer, inner, margin)
    assert found.is_for_median <= (len(pair) >= fewest_seeds(found.inner_level))


def test_too_few_seeds_can_never_be_marked() -> None:
    found = compare([9.0] * 4, [1.0] * 4, margin=0.25, comparisons=1)
    assert (found.verdict, found.is_for_median) == ("better", False)


@pytest.mark.parametrize(
    ("comparisons", "looks"), [(1, [8, 12]), (2, [12]), (3, [12]), (9, [12]), (34, [12]), (35, [])]
)
def test_with_several_looks_mostly_the_last_one_can_mark_a_direction(comparisons: int, looks: list[int]) -> None:
    planned = spend((3, 5, 8, 12))
    able = [look.seeds for look in planned if look.seeds >= fewest_seeds(level_of(comparisons, look.share))]
    assert able == looks


def test_no_seed_has_no_median() -> None:
    found = compare([math.nan], [1.0], margin=0.25, comparisons=1)
    assert (found.median, found.is_for_median) == (None, False)
