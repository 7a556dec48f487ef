"""Intervals and verdicts, against scipy, against numbers worked by hand, and by simulation."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.weightstats import ttost_paired

from ablate.statistics.verdicts import Comparison, compare, compare_pairs, judge
from tests.helpers.paired import margins, pairs, relaxed, scores


def compared(differences: list[float], **keys: Any) -> Comparison:
    """An arm with these paired differences from its reference."""
    reference = np.linspace(27.0, 30.0, len(differences))
    return compare(reference + differences, reference, **{"margin": 0.25, "comparisons": 1} | keys)


# intervals


@pytest.mark.parametrize(
    ("differences", "comparisons", "mean", "sd", "t"),  # t: two-sided, from a printed table
    [
        ([1, 2, 3], 1, 2, 1, 4.302653),
        ([1, 2, 3], 2, 2, 1, 6.205347),
        ([1, 2, 3], 5, 2, 1, 9.924843),
        ([-0.1, 0.1], 1, 0, 0.141421, 12.706205),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 1, 0.3, 0.158114, 2.776445),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 5, 0.3, 0.158114, 4.604095),
    ],
)
def test_the_interval_is_the_mean_plus_or_minus_t_standard_errors(
    differences: list[float], comparisons: int, mean: float, sd: float, t: float
) -> None:
    found = compared(differences, comparisons=comparisons)
    half = t * sd / math.sqrt(len(differences))
    expected = (mean, sd, mean - half, mean + half)
    assert (found.difference, found.sd, found.low, found.high) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("comparisons", [1, 2, 5, 19])
def test_the_error_is_shared_over_all_comparisons_of_a_study(comparisons: int) -> None:
    assert compared([1, 2, 3], comparisons=comparisons).level == pytest.approx(1 - 0.05 / comparisons)


@pytest.mark.parametrize("differences", [[0.5], []])
def test_less_than_two_pairs_bound_nothing(differences: list[float]) -> None:
    found = compared(differences)
    assert (found.low, found.high, found.verdict) == (-math.inf, math.inf, "undecided")


def test_no_spread_at_all_gives_an_interval_of_no_width() -> None:
    found = compare([3.0, 5.0, 9.0], [1.0, 3.0, 7.0], margin=0.25, comparisons=2)
    assert (found.low, found.high, found.verdict) == (2, 2, "better")


def test_no_spread_but_rounding_gives_an_interval_of_almost_no_width() -> None:
    found = compare([33.3, 30.2, 31.7], [20.3, 17.2, 18.7], margin=0.25, comparisons=1)
    assert (found.low, found.high) == pytest.approx((13, 13))


# verdicts


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [
        (-0.1, 0.1, "equivalent"),
        (0.05, 0.2, "equivalent"),
        (-0.2, -0.05, "equivalent"),
        (0.0, 0.0, "equivalent"),
        (0.1, 0.3, "better"),
        (0.01, 0.25, "better"),
        (0.3, 0.4, "better"),
        (-0.3, -0.1, "worse"),
        (-0.25, -0.01, "worse"),
        (-0.1, 0.25, "undecided"),
        (-0.25, 0.1, "undecided"),
        (0.0, 0.3, "undecided"),
        (-0.3, 0.0, "undecided"),
        (-1.0, 1.0, "undecided"),
    ],
)
def test_the_rule_with_a_margin_of_a_quarter(low: float, high: float, verdict: str) -> None:
    assert judge((low, high), (low, high), 0.25) == verdict


@pytest.mark.parametrize(
    ("outer", "inner", "verdict"),
    [
        ((-0.3, 0.2), (-0.2, 0.1), "equivalent"),
        ((0.1, 0.3), (0.12, 0.2), "equivalent"),
        ((-0.1, 0.5), (0.1, 0.3), "undecided"),
        ((0.1, 0.5), (0.2, 0.3), "better"),
        ((-0.3, 0.3), (-0.2, 0.25), "undecided"),
    ],
)
def test_equivalent_goes_by_the_inner_interval_and_better_by_the_outer_one(
    outer: tuple[float, float], inner: tuple[float, float], verdict: str
) -> None:
    assert judge(outer, inner, 0.25) == verdict


@pytest.mark.parametrize(
    ("differences", "margin", "verdict"),  # inner intervals: 0.3 ± 0.151, its mirror, 0.01 ± 0.015, 2 ± 1.69
    [
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.25, "better"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.45, "better"),
        ([0.1, 0.2, 0.3, 0.4, 0.5], 0.46, "equivalent"),
        ([-0.1, -0.2, -0.3, -0.4, -0.5], 0.25, "worse"),
        ([-0.01, 0.0, 0.01, 0.02, 0.03], 0.25, "equivalent"),
        ([1, 2, 3], 0.25, "undecided"),
    ],
)
def test_verdicts_on_worked_numbers(differences: list[float], margin: float, verdict: str) -> None:
    assert compared(differences, margin=margin).verdict == verdict


@pytest.mark.parametrize(
    ("differences", "side"),
    [([0.01, 0.02, 0.015], "above"), ([-0.01, -0.02, -0.015], "below"), ([-0.01, 0.02, 0.0], "across")],
)
def test_an_equivalent_arm_still_tells_on_which_side_it_lies(differences: list[float], side: str) -> None:
    found = compared(differences)
    assert (found.verdict, found.side) == ("equivalent", side)


def test_a_lower_error_is_better() -> None:
    found = compare([0.10, 0.11, 0.12], [0.20, 0.22, 0.21], margin=0.01, comparisons=1, sign=-1)
    assert found.verdict == "better"
    assert found.difference == pytest.approx(0.1)


def test_a_missing_run_makes_the_verdict_wait() -> None:
    found = compared([0.1, 0.2, math.nan, 0.4, 0.5])
    assert (found.verdict, found.pairs) == ("waiting", 4)
    assert found.difference == pytest.approx(0.3)


holes = st.lists(st.lists(st.none() | scores, min_size=5, max_size=5), min_size=2, max_size=8)


@relaxed
@given(holes, margins, st.integers(1, 20), st.sampled_from([1, -1]), st.data())
def test_many_pairs_are_compared_as_each_of_them_alone(
    rows: list[list[float | None]], margin: float, comparisons: int, sign: int, data: st.DataObject
) -> None:
    """To the last bit, whichever seeds are missing in some of them."""
    arms, flags = np.array(rows, float), st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))
    references, arms_bad, references_bad = arms[::-1], data.draw(flags), data.draw(flags)
    rule: Any = {"margin": margin, "comparisons": comparisons, "sign": sign}
    found = compare_pairs(arms, references, arms_bad=arms_bad, references_bad=references_bad, **rule)
    for together, arm, reference, *diverged in zip(found, arms, references, arms_bad, references_bad, strict=True):
        alone = compare(arm, reference, arm_bad=diverged[0], reference_bad=diverged[1], **rule)
        assert repr(together) == repr(alone), "which compares NaN, too"


@relaxed
@given(pairs, margins, st.integers(1, 20))
def test_swapping_arm_and_reference_mirrors_everything(pair: np.ndarray, margin: float, comparisons: int) -> None:
    there = compare(pair[:, 0], pair[:, 1], margin=margin, comparisons=comparisons)
    back = compare(pair[:, 1], pair[:, 0], margin=margin, comparisons=comparisons)
    mirror = {"better": "worse", "worse": "better"}
    assert (back.low, back.high) == pytest.approx((-there.high, -there.low))
    assert back.verdict == mirror.get(there.verdict, there.verdict)


# bad runs


@relaxed
@given(pairs, margins, st.booleans())
def test_an_arm_with_a_bad_run_is_never_better_or_equivalent(pair: Any, margin: float, both: bool) -> None:
    keys = {"arm_bad": True, "reference_bad": both}
    assert compare(*pair.T, margin=margin, comparisons=1, **keys).verdict not in ("better", "equivalent")


@relaxed
@given(pairs, margins, st.booleans())
def test_nothing_is_worse_than_a_reference_with_a_bad_run_or_equivalent(pair: Any, margin: float, both: bool) -> None:
    keys = {"arm_bad": both, "reference_bad": True}
    assert compare(*pair.T, margin=margin, comparisons=1, **keys).verdict not in ("worse", "equivalent")


def test_an_arm_with_a_bad_run_can_be_worse() -> None:
    assert compared([-5, -6, -7], arm_bad=True).verdict == "worse"


def test_an_arm_can_be_better_than_a_reference_with_a_bad_run() -> None:
    assert compared([5, 6, 7], reference_bad=True).verdict == "better"


# effect sizes


@relaxed
@given(pairs)
def test_the_effect_is_scipys_t_over_the_root_of_the_pairs(pair: np.ndarray) -> None:
    found = compare(pair[:, 0], pair[:, 1], margin=1, comparisons=1)
    if found.high > found.low:
        expected = stats.ttest_rel(pair[:, 0], pair[:, 1]).statistic / math.sqrt(len(pair))
        assert found.effect == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("differences", [[1.0], [2.0, 2.0], [13.3, 13.3, 13.3]])
def test_without_spread_there_is_no_effect_size(differences: list[float]) -> None:
    assert math.isnan(compared(differences).effect)


# the libraries' own tests


def drawn(seed: int) -> tuple[np.ndarray, np.ndarray, float, int]:
    """Scores of an arm and of its reference, a margin, and a number of comparisons."""
    draw = np.random.default_rng(seed)
    shift, spread = draw.choice([0, 0.5, -1]), draw.uniform(0.02, 0.5, (2, 1))
    arm, reference = draw.normal([[30 + shift], [30]], spread, (2, int(draw.integers(2, 13))))
    return arm, reference, float(draw.uniform(0.05, 2)), int(draw.integers(1, 20))


@pytest.mark.parametrize("seed", range(40))
def test_equivalent_is_statsmodels_two_one_sided_tests(seed: int) -> None:
    arm, reference, margin, comparisons = drawn(seed)
    p, _, _ = ttost_paired(arm, reference, -margin, margin)
    found = compare(arm, reference, margin=margin, comparisons=comparisons)
    assert (found.verdict == "equivalent") == (p < 0.05 / comparisons)


@pytest.mark.parametrize("seed", range(40))
def test_better_and_worse_are_scipys_paired_t_test_where_not_equivalent(seed: int) -> None:
    arm, reference, margin, comparisons = drawn(seed)
    test = stats.ttest_rel(arm, reference)
    sign = "better" if test.statistic > 0 else "worse"
    found = compare(arm, reference, margin=margin, comparisons=comparisons)
    assert found.verdict == "equivalent" or (found.verdict == sign) == (test.pvalue < 0.05 / comparisons)


# additional hours of sleep by two drugs, ten patients: Cushny and Peebles 1905, Student 1908; `t.test(extra ~ group,
# data = sleep, paired = TRUE)` in R's documentation prints t = -4.0621, df = 9 and this interval
SLEEP = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0], [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4]


def test_students_sleep_data_give_the_published_numbers() -> None:
    found = compare(*SLEEP, margin=0.5, comparisons=1)
    assert (found.difference, found.low, found.high) == pytest.approx((-1.58, -2.4598858, -0.7001142), abs=5e-8)
    assert found.effect * math.sqrt(found.pairs) == pytest.approx(-4.0621, abs=5e-5)
    assert (found.pairs, found.verdict) == (10, "worse")


# error rates


@pytest.mark.parametrize(
    ("truth", "margin", "wrong"), [(0.0, 0.001, {"better", "worse"}), (0.25, 0.25, {"equivalent", "worse"})]
)
def test_at_most_one_study_in_twenty_holds_a_wrong_verdict(truth: float, margin: float, wrong: set[str]) -> None:
    """2,000 studies of 5 arms and 5 seeds, one of the arms varying five times as much as the others."""
    spread = np.array([0.1, 0.1, 0.1, 0.1, 0.5])[:, None]
    draw = np.random.default_rng(7)
    reference = draw.normal(29, 1, (2000, 1, 5))
    arms = reference + truth + draw.normal(0, spread, (2000, 5, 5)) + draw.normal(0, 0.1, (2000, 1, 5))
    level = compared([1, 2, 3], comparisons=5).level
    test = stats.ttest_rel(arms, np.broadcast_to(reference, arms.shape), axis=-1)
    outer, inner = test.confidence_interval(level), test.confidence_interval(2 * level - 1)
    found = np.isin(judge(outer, inner, margin), list(wrong))
    assert found.any(axis=1).mean() <= 0.05 + 0.01
