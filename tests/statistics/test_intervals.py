"""Intervals of means and of medians, against scipy, against numbers worked by hand, and by simulation."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.statistics.intervals import fewest_seeds, inner_level, median_intervals, paired_intervals


@pytest.mark.parametrize("level", [0.9, 0.95, 0.99])
@pytest.mark.parametrize("seeds", [2, 3, 5, 12])
def test_the_interval_is_scipys(seeds: int, level: float) -> None:
    arm, reference = np.random.default_rng(seeds).normal([[30], [29]], [[1], [3]], (2, seeds))
    expected = stats.ttest_rel(arm, reference).confidence_interval(level)
    assert paired_intervals(arm, reference, level) == pytest.approx((expected.low, expected.high), rel=1e-12)


@given(st.floats(0.6, 0.9999), st.integers(0, 10**6))
def test_each_end_of_the_inner_interval_is_a_one_sided_bound(level: float, seed: int) -> None:
    arm, reference = np.random.default_rng(seed).normal(30, 1, (2, 6))
    low, high = paired_intervals(arm, reference, inner_level(level))
    assert low == pytest.approx(stats.ttest_rel(arm, reference, alternative="greater").confidence_interval(level).low)
    assert high == pytest.approx(stats.ttest_rel(arm, reference, alternative="less").confidence_interval(level).high)


# medians


@pytest.mark.parametrize("level", [0.8, 0.95, 0.99, 1 - 0.05 / 5])
@pytest.mark.parametrize("seeds", [6, 8, 12, 25])
def test_the_interval_of_the_median_is_scipys(seeds: int, level: float) -> None:
    differences = np.random.default_rng(seeds).normal(size=seeds)
    expected: Any = stats.quantile_test(differences, q=0, p=0.5).confidence_interval(level)
    low, high = (end.item() for end in median_intervals(differences, level))
    found = (math.nan if math.isinf(low) else low, math.nan if math.isinf(high) else high)
    assert found == pytest.approx((expected.low, expected.high), nan_ok=True)


@pytest.mark.parametrize(
    ("seeds", "level", "k"),  # 2 P(B < k) for n = 6: 2/64; for n = 12: 2 (1 + 12 + 66)/4096 = 0.0386; next 0.146
    [(5, 0.95, 0), (6, 0.95, 1), (6, 1 - 2 / 64, 1), (6, 0.97, 0), (12, 0.95, 3), (12, 0.99, 2), (12, 0.9999, 0)],
)
def test_the_interval_is_between_the_order_statistics_of_the_binomial_table(seeds: int, level: float, k: int) -> None:
    found = median_intervals(np.arange(1.0, seeds + 1)[::-1], level)
    assert [float(end) for end in found] == ([k, seeds + 1 - k] if k else [-math.inf, math.inf])


@given(st.floats(0.5, 0.99999), st.integers(2, 30))
def test_the_fewest_seeds_are_those_with_which_the_interval_becomes_finite(level: float, seeds: int) -> None:
    low, _ = median_intervals(np.zeros(seeds), level)
    assert math.isfinite(low) == (seeds >= fewest_seeds(level))


def skewed(draw: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    return np.asarray(math.log(2) - draw.exponential(size=shape))


def disasters(draw: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    signs = np.where(draw.random(shape) < 0.02, np.sign(draw.normal(size=shape)), 0)
    return np.asarray(draw.normal(size=shape) - 1000 * signs)


@pytest.mark.parametrize("noise", [skewed, disasters], ids=["skewed", "disasters"])
@pytest.mark.parametrize("seeds", [6, 12])
def test_the_interval_of_the_median_holds_whatever_the_noise(noise: Any, seeds: int) -> None:
    low, high = median_intervals(noise(np.random.default_rng(seeds), (20_000, seeds)), 0.95)
    assert np.mean((low <= 0) & (high >= 0)) >= 0.95 - 0.005


def test_many_medians_are_bounded_as_each_of_them_alone() -> None:
    differences = np.random.default_rng(0).normal(size=(3, 4, 9))
    low, high = median_intervals(differences, 0.95)
    for place in np.ndindex(3, 4):
        assert (low[place], high[place]) == median_intervals(differences[place], 0.95)
