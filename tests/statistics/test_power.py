"""Seeds that would decide a comparison: against statsmodels' power of the t test, and by simulation."""

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from ablate.statistics.power import (
    MAX_SEEDS,
    POWER,
    SeedRange,
    power,
    sd_interval,
    seeds_for,
    seeds_needed,
    smallest_found,
)
from ablate.statistics.verdicts import compare, judge

UNDECIDED = compare([29.5, 29.1, 28.3, 29.4, 30.7], [29.7, 29.0, 29.2, 29.2, 30.9], margin=0.25, comparisons=5)


@pytest.mark.parametrize("level", [0.95, 0.99])
@pytest.mark.parametrize("effect", [0.5, 1.0, 2.6])
def test_without_a_margin_the_power_is_that_of_statsmodels_t_test(effect: float, level: float) -> None:
    seeds = np.arange(2, 51)
    expected = TTestPower().power(effect, seeds, (1 - level) / 2, alternative="larger")
    found = power(0.1 * effect, 0.1, seeds, margin=1e-12, level=level)
    np.testing.assert_allclose(found, expected, atol=1e-4)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("seeds", [3, 8])
@pytest.mark.parametrize(
    ("truth", "right"),
    [(0, {"equivalent"}), (0.1, {"equivalent", "its sign"}), (0.25, {"its sign"}), (0.5, {"its sign"})],
)
def test_the_power_is_how_often_the_rule_finds_the_truth(truth: float, right: set[str], seeds: int, sign: int) -> None:
    draw, studies, level = np.random.default_rng(seeds), 4000, 0.975
    differences = draw.normal(sign * truth, 0.15, (studies, seeds))
    test = stats.ttest_1samp(differences, 0, axis=1)
    verdicts = judge(test.confidence_interval(level), test.confidence_interval(2 * level - 1), 0.25)
    allowed = {{"its sign": "better" if sign > 0 else "worse"}.get(verdict, verdict) for verdict in right}
    expected = float(power(sign * truth, 0.15, seeds, margin=0.25, level=level))
    error = math.sqrt(expected * (1 - expected) / studies)
    assert np.mean([verdict in allowed for verdict in verdicts]) == pytest.approx(expected, abs=4 * error + 1e-4)


@pytest.mark.parametrize(("truth", "sd"), [(0, 0.1), (0.1, 0.2), (0.5, 0.3)])
def test_the_seeds_are_the_fewest_that_have_the_power(truth: float, sd: float) -> None:
    found = seeds_for(truth, sd, margin=0.25, level=0.99)
    fewer, enough = power(truth, sd, [found - 1, found], margin=0.25, level=0.99)
    assert fewer < POWER <= enough


def test_more_than_fifty_seeds_are_not_counted() -> None:
    assert seeds_for(0, 1.0, margin=0.25, level=0.99) == MAX_SEEDS + 1


def test_many_numbers_of_seeds_are_those_of_each_alone() -> None:
    truths, sds = np.array([[-0.5], [0.0], [0.1], [0.24]]), np.array([0.05, 0.2, 0.7])
    found = seeds_for(truths, sds, margin=0.25, level=0.99)
    alone = [[seeds_for(truth, sd, margin=0.25, level=0.99) for sd in sds] for truth in truths[:, 0]]
    assert found.tolist() == np.array(alone).tolist()


def test_the_interval_of_the_sd_holds_it_in_four_studies_of_five() -> None:
    sds = np.random.default_rng(1).normal(0, 2.0, (5000, 5)).std(axis=1, ddof=1)
    held = np.mean([low < 2.0 < high for low, high in (sd_interval(sd, 5) for sd in sds.tolist())])
    assert held == pytest.approx(0.8, abs=4 * math.sqrt(0.8 * 0.2 / 5000))


def test_each_number_is_that_of_the_sds_interval() -> None:
    decided, ends = replace(UNDECIDED, verdict="better"), sd_interval(UNDECIDED.sd, 5)
    other = replace(UNDECIDED, difference=0.3)
    first, nothing, second = seeds_needed([UNDECIDED, decided, other], 0.25, UNDECIDED.level)
    assert nothing is None
    for comparison, found in ((UNDECIDED, first), (other, second)):
        assert found is not None
        assert found.if_zero == SeedRange(*seeds_for(0, ends, margin=0.25, level=0.99))
        assert found.as_measured == SeedRange(*seeds_for(comparison.difference, ends, margin=0.25, level=0.99))


@pytest.mark.parametrize(
    "change",
    [
        {"verdict": "better"},
        {"verdict": "waiting"},
        {"barred": frozenset({"equivalent"})},
        {"sd": math.nan},
        {"sd": 0.0},
    ],
)
def test_nothing_is_said_where_seeds_would_not_help_or_nothing_is_known(change: Any) -> None:
    assert seeds_needed([replace(UNDECIDED, **change)], 0.25, UNDECIDED.level) == [None]


@pytest.mark.parametrize(
    ("seeds", "text"),
    [((5, 20), "5 to 20"), ((9, 51), "9 to over 50"), ((51, 51), "over 50"), ((4, 4), "4")],
)
def test_seeds_are_said_as_a_range(seeds: tuple[int, int], text: str) -> None:
    assert str(SeedRange(*seeds)) == text


@pytest.mark.parametrize(("sd", "seeds", "level"), [(0.5, 5, 0.99), (0.4, 3, 0.95), (1.0, 12, 0.9958)])
def test_the_smallest_difference_that_is_found_has_the_power_by_the_noncentral_t_distribution(
    sd: float, seeds: int, level: float
) -> None:
    found = smallest_found(sd, seeds, margin=0.25, level=level)
    limit = stats.t.ppf((1 + level) / 2, seeds - 1)
    assert stats.nct.sf(limit, seeds - 1, found * np.sqrt(seeds) / sd) == pytest.approx(POWER, abs=2e-3)


def test_with_little_noise_every_difference_that_matters_is_found_and_with_one_seed_none() -> None:
    assert smallest_found(0.01, 5, margin=0.25, level=0.99) == 0.25
    assert smallest_found(0.01, 1, margin=0.25, level=0.99) == np.inf
