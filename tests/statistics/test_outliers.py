"""Low seeds, deciding seeds and skewness: in recorded tables, in published data, and in simulated normal tables."""

import math

import numpy as np
import pytest
from scipy import stats

from ablate.statistics.outliers import find_deciding_seed, find_low, find_low_seeds, skewness, skewness_error
from benchmarks.recorded import recorded_scores

# Rosner's (1983) data, as in the NIST/SEMATECH e-Handbook, section 1.3.5.17.3
ROSNER = """
-0.25 0.68 0.94 1.15 1.20 1.26 1.26 1.34 1.38 1.43 1.49 1.49 1.55 1.56 1.58 1.65 1.69 1.70 1.76 1.77 1.81 1.91 1.94 1.96
1.99 2.06 2.09 2.10 2.14 2.15 2.23 2.24 2.26 2.35 2.37 2.40 2.47 2.54 2.62 2.64 2.90 2.92 2.92 2.93 3.21 3.26 3.30 3.59
3.68 4.30 4.64 5.34 5.42 6.01
"""


def test_rosners_data_have_the_three_outliers_that_he_found() -> None:
    values = np.array(ROSNER.split(), float)
    low = find_low(-values[:, None], most=10, error=0.05 / 2)  # his test is two-sided
    assert sorted(values[low[:, 0]]) == [5.34, 5.42, 6.01]


def test_a_single_outlier_is_that_of_grubbs() -> None:
    """Grubbs' one-sided critical value for 12 values at 5% is 2.285, from his table (1969)."""
    spread = np.linspace(-1, 1, 11)
    values = np.array([*spread, -np.inf])
    for deviation, far in ((2.27, False), (2.30, True)):
        values[-1] = _lowest(spread, deviation)
        assert find_low(values[:, None], most=1, error=0.05)[-1, 0] == far


def _lowest(others: np.ndarray, deviation: float) -> float:
    """The value that is so many standard deviations below the mean of all."""
    candidates = np.linspace(-20, -1, 200_000)
    total, squares, count = others.sum() + candidates, (others**2).sum() + candidates**2, len(others) + 1
    mean = total / count
    sd = np.sqrt((squares - count * mean**2) / (count - 1))
    return float(candidates[np.argmin(np.abs((mean - candidates) / sd - deviation))])


def test_the_low_seeds_of_the_recorded_tables_are_the_seeds_6_7_and_10() -> None:
    tables = [
        recorded_scores("heads", "heads=4"),
        recorded_scores("depth", "depth=12"),
        recorded_scores("skips", "both (ViT paper)"),
    ]
    found = [np.flatnonzero(find_low_seeds(table)).tolist() for table in tables]
    assert sorted(set().union(*found)) == [6, 7, 10]
    assert all(10 in seeds for seeds in found)


@pytest.mark.parametrize("seeds", [5, 12])
@pytest.mark.parametrize("arms", [2, 10])
@pytest.mark.parametrize("correlation", [0.8, 0.99])
def test_at_most_one_normal_table_in_twenty_has_a_low_seed(seeds: int, arms: int, correlation: float) -> None:
    draw, tables = np.random.default_rng([seeds, arms]), 200
    shared, own = draw.normal(size=(tables, seeds, 1)), draw.normal(size=(tables, seeds, arms))
    scores = math.sqrt(correlation) * shared + math.sqrt(1 - correlation) * own
    found = sum(bool(find_low_seeds(table).any()) for table in scores)
    assert stats.binomtest(found, tables, 0.05, alternative="greater").pvalue > 1e-3


def test_low_seeds_do_not_hide_each_other() -> None:
    scores = np.random.default_rng(0).normal(30, 0.1, (12, 4))
    scores[[2, 5, 9]] -= [[3.0], [4.0], [7.0]]
    assert np.flatnonzero(find_low_seeds(scores)).tolist() == [2, 5, 9]


def test_a_seed_that_is_low_in_one_arm_only_does_not_count() -> None:
    scores = np.random.default_rng(0).normal(30, 0.1, (12, 4))
    scores[3, 1] -= 5
    assert not find_low_seeds(scores).any()


def test_arms_with_missing_runs_are_left_out() -> None:
    scores = np.random.default_rng(0).normal(30, 0.1, (12, 4))
    scores[3] -= 5
    scores[7, 0] = math.nan
    assert np.flatnonzero(find_low_seeds(scores)).tolist() == [3]
    scores[7] = math.nan
    assert not find_low_seeds(scores).any()


def test_bad_runs_are_neither_low_seeds_nor_do_they_hide_them() -> None:
    scores = np.random.default_rng(0).normal(30, 0.1, (12, 4))
    scores[3] -= 5
    bad = np.zeros(scores.shape, bool)
    bad[8], bad[5, :2], bad[:9, 3] = True, True, True
    scores[bad] = 17.3
    assert np.flatnonzero(find_low_seeds(scores, bad)).tolist() == [3]
    assert 8 in np.flatnonzero(find_low_seeds(scores))
    assert not find_low_seeds(scores, np.ones(scores.shape, bool)).any()


@pytest.mark.parametrize("sign", [1, -1])
def test_the_seed_that_decides_depth_8_is_found_on_either_side(sign: int) -> None:
    scores = recorded_scores("depth", "depth=12")
    differences = sign * (scores[:, -1] - scores[:, 0])
    assert find_deciding_seed(differences) == 10


@pytest.mark.parametrize("seeds", [5, 12])
def test_in_normal_differences_a_seed_seldom_decides(seeds: int) -> None:
    draws = np.random.default_rng(seeds).normal(size=(500, seeds))
    assert sum(find_deciding_seed(row) is not None for row in draws) < 0.04 * 500


@pytest.mark.parametrize("differences", [[], [1.0], [1.0, 2.0, 9.0], [0.0] * 8])
def test_few_or_equal_differences_have_no_deciding_seed(differences: list[float]) -> None:
    assert find_deciding_seed(differences) is None


def test_the_recorded_differences_are_as_skewed_as_the_audit_found() -> None:
    depth, heads = recorded_scores("depth", "depth=12"), recorded_scores("heads", "heads=4")
    found = [skewness(table[:, arm] - table[:, 0]) for table in (heads, depth) for arm in range(1, table.shape[1])]
    assert sum(-1.9 <= value <= -0.85 for value in found) == 7
    assert max(found) == pytest.approx(2.6, abs=0.05)


@pytest.mark.parametrize("seeds", [5, 12])
def test_normal_differences_are_skewed_by_the_standard_error(seeds: int) -> None:
    drawn = np.random.default_rng(seeds).normal(size=(4000, seeds))
    assert np.std(stats.skew(drawn, axis=1, bias=False)) == pytest.approx(skewness_error(seeds), rel=0.05)
    assert skewness_error(2) == math.inf


@pytest.mark.parametrize("differences", [[], [1.0, 2.0], [3.0, 3.0, 3.0]])
def test_without_enough_or_any_spread_there_is_no_skewness(differences: list[float]) -> None:
    assert math.isnan(skewness(differences))
