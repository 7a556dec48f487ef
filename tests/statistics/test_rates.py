import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar

from ablate.statistics.rates import bad_seed_bound, paired_rates_p, rate, seed_rate


@pytest.mark.parametrize("runs", [1, 5, 30])
def test_no_bad_run_leaves_the_rate_that_so_few_runs_could_have_missed(runs: int) -> None:
    found = rate(0, runs)
    assert (found.low, found.high) == pytest.approx((0, 1 - 0.025 ** (1 / runs)))


@given(st.integers(1, 40).flatmap(lambda runs: st.tuples(st.integers(1, runs), st.just(runs))))
def test_the_interval_ends_where_the_counts_become_unlikely(counts: tuple[int, int]) -> None:
    bad, runs = counts
    found = rate(bad, runs)
    assert stats.binom.sf(bad - 1, runs, found.low) == pytest.approx(0.025)
    if bad < runs:
        assert stats.binom.cdf(bad, runs, found.high) == pytest.approx(0.025)


def test_without_any_run_every_rate_is_possible() -> None:
    assert (rate(0, 0).low, rate(0, 0).high) == (0, 1)


@pytest.mark.parametrize(("seeds", "bound"), [(5, 0.45), (12, 0.22)])
def test_clean_seeds_bound_the_rate_of_bad_ones(seeds: int, bound: float) -> None:
    assert bad_seed_bound(0, seeds) == pytest.approx(1 - 0.05 ** (1 / seeds))
    assert round(bad_seed_bound(0, seeds), 2) == bound


@pytest.mark.parametrize(("bad", "seeds"), [(1, 5), (4, 5), (3, 12)])
def test_the_bound_with_bad_seeds_is_clopper_and_pearsons(bad: int, seeds: int) -> None:
    assert bad_seed_bound(bad, seeds) == pytest.approx(stats.beta.ppf(0.95, bad + 1, seeds - bad))


@pytest.mark.parametrize(("bad", "seeds"), [(0, 0), (5, 5)])
def test_no_clean_seed_bounds_nothing(bad: int, seeds: int) -> None:
    assert bad_seed_bound(bad, seeds) == 1


def test_runs_of_one_seed_that_go_wrong_together_count_once() -> None:
    """None of 72 runs is up to 5% of runs, but 22% of seeds."""
    bad = pd.DataFrame(np.zeros((12, 6), bool))
    assert round(rate(0, 72).high, 2) == 0.05
    assert round(seed_rate(bad, ~bad).bound, 2) == 0.22
    bad.iloc[3] = True
    bad.iloc[7, 2] = True
    found = seed_rate(bad, pd.DataFrame(np.ones((12, 6), bool)))
    assert (found.bad, found.seeds, found.bound) == (2, 12, bad_seed_bound(2, 12))


def test_a_seed_counts_only_with_a_score_for_every_arm_whether_it_is_bad_or_clean() -> None:
    scored = pd.DataFrame([[True, True], [True, False], [True, False], [False, False], [True, True]])
    bad = pd.DataFrame([[False, False], [True, False], [False, False], [False, False], [False, True]])
    found = seed_rate(bad, scored)
    assert (found.bad, found.seeds, found.bound) == (1, 2, bad_seed_bound(1, 2))


def test_seeds_that_are_bad_already_do_not_raise_the_rate_while_others_are_still_trained() -> None:
    """Half of the runs have ended. The seeds that are known to be bad by then do not stand for all seeds."""
    draw = np.random.default_rng(0)
    bad, scored = pd.DataFrame(draw.random((4000, 6)) < 0.05), pd.DataFrame(draw.random((4000, 6)) < 0.5)
    found = seed_rate(bad & scored, scored)
    assert found.bad / found.seeds == pytest.approx(1 - 0.95**6, abs=0.1)


@pytest.mark.parametrize("seed", range(20))
def test_paired_rates_are_compared_as_by_statsmodels(seed: int) -> None:
    bad, other = np.random.default_rng(seed).random((2, 12)) < [[0.6], [0.2]]
    table = [[np.sum(one & two) for two in (other, ~other)] for one in (bad, ~bad)]
    assert paired_rates_p(bad, other) == pytest.approx(min(1.0, mcnemar(table, exact=True).pvalue))


def test_equal_runs_show_no_difference_of_rates() -> None:
    assert paired_rates_p([True, False, True], [True, False, True]) == 1
    assert paired_rates_p([], []) == 1
