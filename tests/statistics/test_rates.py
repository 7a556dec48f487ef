import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.statistics.rates import bad_seed_bound, rate


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
