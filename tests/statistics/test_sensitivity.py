"""Where another choice would have changed a verdict."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.records.tables import read_course, read_scores
from ablate.reporting.study.model import read_sensitivity
from ablate.statistics.scores import Scores
from ablate.statistics.sensitivity import (
    MeanError,
    OtherScores,
    Sensitivity,
    WithoutSeed,
    compare_mean_errors,
    compare_without,
)
from ablate.statistics.verdicts import compare
from ablate.studies.planning import Design
from tests.helpers.score_tables import SCORES, runs_of, study_of

LAST = OtherScores("last epoch")


def table(study: Design, best: dict[str, list[float]], last: dict[str, list[float]] | None = None) -> pd.DataFrame:
    runs = runs_of(study, best)
    later = runs_of(study, last or best)["test/psnr"]
    return runs.assign(**{"last/psnr": later, "last/mse": 10 ** (-later / 10)})


def judged(study: Design, runs: pd.DataFrame) -> list[Sensitivity]:
    return read_sensitivity(study, read_course(study, runs), runs)


def test_every_choice_is_judged_by_the_same_rule() -> None:
    last = SCORES | {"one": [28.0, 27.0, 20.0]}
    found = {item.arm: item for item in judged(study_of(), table(study_of(), SCORES, last))}
    others = found["one"].others
    assert list(others) == [LAST, MeanError(), *map(WithoutSeed, range(3))]
    assert found["one"].actual == compare(SCORES["one"], SCORES["four"], margin=0.25, comparisons=2)
    assert others[LAST] == compare(last["one"], SCORES["four"], margin=0.25, comparisons=2)
    (without,) = compare_without(read_scores(study_of(), table(study_of(), SCORES)), 1, [("one", "four")])
    assert others[WithoutSeed(1)] == without


@given(st.integers(3, 20), st.integers(1, 30), st.floats(0.05, 1), st.integers(0, 1000))
def test_both_intervals_without_a_seed_are_those_of_as_many_seeds_with_the_moments_of_the_others(
    seeds: int, comparisons: int, share: float, number: int
) -> None:
    scores, against = np.random.default_rng(number).normal(30, 1, (2, seeds))
    values = pd.DataFrame({"arm": scores, "reference": against}, index=range(10, 10 + seeds))
    no = values.isna()
    (found,) = compare_without(Scores(values, no, no, 1, 0.25, comparisons, share), 10, [("arm", "reference")])
    rest = (scores - against)[1:]
    assert (found.pairs, found.difference, found.sd) == pytest.approx((seeds, rest.mean(), rest.std(ddof=1)))
    error = 0.05 / comparisons * share
    for ends, tail in (((found.low, found.high), error / 2), ((found.inner_low, found.inner_high), error)):
        expected = stats.t.interval(1 - 2 * tail, seeds - 1, rest.mean(), rest.std(ddof=1) / math.sqrt(seeds))
        assert ends == pytest.approx(expected)


def test_the_bad_run_of_a_seed_that_is_left_out_bars_nothing() -> None:
    values = pd.DataFrame({"arm": [20.0, 31.0, 31.1, 31.2], "reference": [30.0] * 4})
    no = values.isna()
    scores = Scores(values, no | (values == 20.0), no, 1, 0.25, comparisons=1)
    assert [compare_without(scores, seed, [("arm", "reference")])[0].verdict for seed in (0, 1)] == [
        "better",
        "undecided",
    ]


@pytest.mark.parametrize("name", ["self", "kind", "index", "columns"])
def test_an_arm_can_have_any_name(name: str) -> None:
    arms = {name: {}, "one": {"model.heads": 1}}
    for reference in arms:
        study = study_of(arms=arms, reference=reference)
        (found,) = judged(study, table(study, {name: SCORES["four"], "one": SCORES["one"]}))
        assert {found.arm, found.against} == {name, "one"}
        assert found.others[MeanError()].verdict == found.actual.verdict


def test_a_verdict_that_one_seed_carries_is_said_to_change() -> None:
    scores = SCORES | {"one": [29.5, 28.5, 30.5 - 1e-3], "two": [30.0, 29.001, 31.3]}
    found = {item.arm: item for item in judged(study_of(), table(study_of(), scores))}
    assert found["one"].changes == {}
    assert found["two"].actual.verdict == "undecided"
    assert found["two"].changes == {WithoutSeed(2): "equivalent"}


def test_a_network_that_falls_apart_after_its_best_epoch_changes_the_verdict() -> None:
    last = SCORES | {"two": [25.0, 24.1, 25.9]}
    best = SCORES | {"two": [30.0, 29.01, 31.01]}
    found = judged(study_of(), table(study_of(), best, last))[1]
    assert (found.arm, found.actual.verdict) == ("two", "equivalent")
    assert found.changes == {LAST: "worse"}


def test_where_the_last_epoch_decides_the_best_is_the_other_choice() -> None:
    study = study_of(metric="last/psnr")
    assert OtherScores("best epoch") in judged(study, table(study, SCORES))[0].others


def test_the_mean_mse_is_compared_as_a_fraction_of_the_references() -> None:
    study = study_of()
    runs = table(study, SCORES)
    mse = {name: runs[runs.arm == name].sort_values("seed")["test/mse"].to_numpy() for name in SCORES}
    other, found = compare_mean_errors(read_scores(study, runs), [("four", "two"), ("one", "four")])
    assert other == compare_mean_errors(read_scores(study, runs), [("four", "two")])[0]
    assert found.difference == pytest.approx(1 - mse["one"].mean() / mse["four"].mean())
    ratio = mse["one"].mean() / mse["four"].mean()
    varying = (mse["one"] - ratio * mse["four"]) / mse["four"].mean()
    expected = stats.ttest_1samp(1 - ratio - varying, 0).confidence_interval(found.level)
    assert (found.low, found.high) == pytest.approx(tuple(expected))


def test_the_interval_of_a_ratio_of_errors_is_not_widened_by_seeds_that_are_hard_for_both() -> None:
    study = study_of()
    scores = {"four": [30.0, 25.0, 20.0], "one": [28.0, 23.0, 18.0], "two": [30.0, 25.0, 20.0]}
    (found,) = compare_mean_errors(read_scores(study, table(study, scores)), [("one", "four")])
    assert (found.low, found.high) == pytest.approx((1 - 10**0.2, 1 - 10**0.2))


def test_the_mean_mse_is_another_choice_for_decibels_only() -> None:
    study = study_of(metric="test/mse")
    assert MeanError() not in judged(study, table(study, SCORES))[0].others


def test_no_seed_is_left_out_where_a_single_pair_would_remain() -> None:
    study = study_of(seeds=2)
    runs = table(study, {name: scores[:2] for name, scores in SCORES.items()})
    assert list(judged(study, runs)[0].others) == [LAST, MeanError()]


def test_a_waiting_verdict_has_no_sensitivity() -> None:
    runs = table(study_of(), SCORES)
    runs.loc[(runs.arm == "one") & (runs.seed == 1), ["test/psnr", "last/psnr"]] = float("nan")
    found = judged(study_of(), runs)[0]
    assert (found.actual.verdict, found.changes) == ("waiting", {})
