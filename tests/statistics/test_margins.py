"""Equivalence by one-sided bounds: what a margin that is chosen later can and cannot change."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.statistics.verdicts import compare
from tests.helpers.paired import margins, pairs, relaxed


@relaxed
@given(pairs, st.integers(1, 20), st.floats(0.05, 1))
def test_the_inner_interval_lies_inside_and_has_one_sided_bounds(pair: Any, comparisons: int, share: float) -> None:
    found = compare(*pair.T, margin=1, comparisons=comparisons, share=share)
    assert found.low <= found.inner_low <= found.difference + 1e-9
    assert found.difference - 1e-9 <= found.inner_high <= found.high
    assert 1 - found.inner_level == pytest.approx(2 * (1 - found.level))
    if found.high > found.low:
        arm, reference = pair.T
        upper = stats.ttest_rel(arm, reference, alternative="less").confidence_interval(found.level).high
        assert found.inner_high == pytest.approx(upper)


@relaxed
@given(pairs, st.integers(1, 20), margins, margins)
def test_a_margin_that_is_chosen_later_contradicts_no_verdict(
    pair: Any, comparisons: int, one: float, two: float
) -> None:
    """Some true difference agrees with the verdicts by both margins."""
    narrow, wide = sorted((one, two))
    by_narrow, by_wide = (compare(*pair.T, margin=margin, comparisons=comparisons) for margin in (narrow, wide))
    if by_wide.verdict in ("better", "worse"):
        assert by_narrow.verdict == by_wide.verdict
    if by_narrow.verdict == "equivalent":
        assert by_wide.verdict == "equivalent"
    if (by_wide.verdict, by_narrow.verdict) == ("equivalent", "better"):
        assert 0 < by_narrow.low < wide
    if (by_wide.verdict, by_narrow.verdict) == ("equivalent", "worse"):
        assert -wide < by_narrow.high < 0


@relaxed
@given(pairs, st.integers(1, 20))
def test_an_arm_is_equivalent_at_every_margin_above_its_smallest_and_at_none_below(pair: Any, comparisons: int) -> None:
    smallest = compare(pair[:, 0], pair[:, 1], margin=1, comparisons=comparisons).smallest_margin
    above, at = (
        compare(pair[:, 0], pair[:, 1], margin=margin, comparisons=comparisons).verdict
        for margin in (smallest + 1e-9, smallest)
    )
    assert (above == "equivalent", at == "equivalent") == (True, False)
