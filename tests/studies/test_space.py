"""The place of a value in a range is the probability that a draw is below it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.studies.space import Range


@given(st.floats(1e-6, 1e3), st.floats(1.01, 1e6), st.floats(0, 1), st.booleans())
def test_a_place_is_the_share_of_draws_below(low: float, ratio: float, share: float, log: bool) -> None:
    high = low * ratio
    value = low + share * (high - low)
    drawn = stats.loguniform(low, high) if log else stats.uniform(low, high - low)
    assert Range(low=low, high=high, log=log).place(value) == pytest.approx(drawn.cdf(value), abs=1e-6)
