"""Shapley values of a grid's components: against all orders one by one, and truths that are known."""

from dataclasses import replace
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.statistics.contributions import contributions
from ablate.statistics.interactions import GridScores


def grid_of(scores: np.ndarray, **changes: Any) -> GridScores:
    """Components with these scores (seeds, 2, 2, ...); the second level is on."""
    sizes = scores.shape[1:]
    levels = tuple(("off", "on") for _ in sizes)
    grid = GridScores(tuple("abcde"[: len(sizes)]), levels, (1,) * len(sizes), scores, np.zeros(sizes, bool), sign=1)
    return replace(grid, **changes)


def values(grid: GridScores) -> list[float]:
    return [found.comparison.difference for found in contributions(grid, margin=0.25)]


def over_all_orders(scores: np.ndarray, on: tuple[int, ...]) -> np.ndarray:
    """(seeds, axes): what each axis adds when it is turned on, averaged over all orders in which that can be done."""
    count, found, cells = len(on), np.zeros((len(scores), len(on))), np.moveaxis(scores, 0, -1)
    orders = list(permutations(range(count)))
    for order in orders:
        cell = [1 - level for level in on]
        for axis in order:
            before = cells[tuple(cell)]
            cell[axis] = on[axis]
            found[:, axis] += cells[tuple(cell)] - before
    return found / len(orders)


@given(st.integers(2, 5), st.integers(0, 31), st.integers(0, 1000))
def test_a_value_is_the_average_over_all_orders(axes: int, levels: int, seed: int) -> None:
    on = tuple(levels >> axis & 1 for axis in range(axes))
    scores = np.random.default_rng(seed).normal(size=(4, *(2,) * axes))
    found = contributions(grid_of(scores, baseline=on), margin=0.25)
    expected = over_all_orders(scores, on)
    assert [item.comparison.difference for item in found] == pytest.approx(expected.mean(axis=0))
    assert [item.comparison.sd for item in found] == pytest.approx(expected.std(axis=0, ddof=1))


@given(st.integers(2, 5), st.integers(0, 1000))
def test_the_values_add_up_to_the_difference_between_all_and_none(axes: int, seed: int) -> None:
    scores = np.random.default_rng(seed).normal(size=(3, *(2,) * axes))
    flat = scores.reshape(3, -1)
    difference = flat[:, -1] - flat[:, 0]
    assert sum(values(grid_of(scores))) == pytest.approx(difference.mean())


def test_effects_that_add_up_are_their_own_values() -> None:
    a, b, _ = np.ogrid[0:2, 0:2, 0:2]
    assert values(grid_of(np.broadcast_to(1.5 * a - 2.0 * b, (3, 2, 2, 2)))) == pytest.approx([1.5, -2.0, 0.0])


def test_an_interaction_is_shared_equally_by_its_axes() -> None:
    a, b, c = np.ogrid[0:2, 0:2, 0:2]
    assert values(grid_of(np.broadcast_to(6.0 * a * b * c, (3, 2, 2, 2)))) == pytest.approx([2.0, 2.0, 2.0])
    assert values(grid_of(np.broadcast_to(4.0 * a * b + 0 * c, (3, 2, 2, 2)))) == pytest.approx([2.0, 2.0, 0.0])


def test_the_intervals_are_those_of_scipy_with_the_error_shared_over_the_axes() -> None:
    scores = np.random.default_rng(0).normal(size=(6, 2, 2, 2))
    for axis, item in enumerate(contributions(grid_of(scores), margin=0.25)):
        expected = stats.ttest_1samp(over_all_orders(scores, (1, 1, 1))[:, axis], 0).confidence_interval(1 - 0.05 / 3)
        assert (item.comparison.low, item.comparison.high) == pytest.approx(tuple(expected))
        assert item.comparison.level == pytest.approx(1 - 0.05 / 3)


def test_where_lower_is_better_what_lowers_the_score_contributes() -> None:
    a, b = np.ogrid[0:2, 0:2]
    assert values(grid_of(np.broadcast_to(-1.0 * a + 0 * b, (3, 2, 2)), sign=-1)) == pytest.approx([1.0, 0.0])


def test_a_missing_run_makes_all_values_wait_and_a_bad_one_leaves_them_undecided() -> None:
    scores = np.random.default_rng(0).normal(size=(6, 2, 2)) + 100 * np.indices((2, 2)).sum(axis=0)
    assert {item.comparison.verdict for item in contributions(grid_of(scores), 0.25)} == {"better"}
    missing = scores.copy()
    missing[2, 0, 1] = np.nan
    assert {item.comparison.verdict for item in contributions(grid_of(missing), 0.25)} == {"waiting"}
    bad = np.array([[False, True], [False, False]])
    found = contributions(grid_of(scores, bad=bad), 0.25)
    assert {item.comparison.verdict for item in found} == {"undecided"}


@pytest.mark.parametrize("sizes", [(2, 3), (2,) * 6])
def test_other_grids_have_no_components(sizes: tuple[int, ...]) -> None:
    levels = tuple(tuple(range(size)) for size in sizes)
    scores = np.zeros((2, *sizes))
    grid = GridScores(tuple("abcdef"[: len(sizes)]), levels, (1,) * len(sizes), scores, np.zeros(sizes, bool), sign=1)
    assert contributions(grid, 0.25) == []
