"""From look to look: levels, final verdicts, futility, budgets, and what a course may depend on."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from ablate.records.tables import read_course, read_scores
from ablate.statistics.course import compare_all, is_futile
from ablate.statistics.multiplicity import spend
from ablate.statistics.verdicts import compare
from ablate.studies.planning import Design
from tests.helpers.courses import study_of, table, usual

relaxed = settings(deadline=None, max_examples=30)


def verdicts(study: Design, runs: pd.DataFrame) -> dict[str, str]:
    found = compare_all(read_course(study, runs), read_scores(study, runs), study.against)
    return {arm: c.verdict for arm, c in found.items()}


def test_arms_stop_at_the_look_that_decides_them_and_the_reference_continues_for_the_others() -> None:
    course = read_course(study_of(), table(study_of()))
    assert dict(course.needed) == {"reference": 12, "same": 3, "worse": 3, "unsure": 12}
    assert course.end("same", "reference") == "decided"
    assert course.end("unsure", "reference") == "last look"
    assert verdicts(study_of(), table(study_of())) == {"same": "equivalent", "worse": "worse", "unsure": "undecided"}


def test_the_interval_of_a_look_is_scipys_on_its_first_seeds_at_the_error_that_it_may_spend() -> None:
    study, runs = study_of(), table(study_of())
    pair = "unsure", "reference"
    history = read_course(study, runs).histories(read_scores(study, runs), [pair])[pair]
    for found, look, before in zip(history, (3, 5, 8, 12), (0, 3, 5, 8), strict=True):
        arm, reference = ([usual(name, seed) for seed in range(look)] for name in ("unsure", "reference"))
        level = 1 - 0.05 / 3 * (look - before) / 12
        expected = stats.ttest_rel(arm, reference).confidence_interval(level)
        assert found.pairs == look
        assert found.level == pytest.approx(level)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


@given(st.lists(st.integers(2, 1000), min_size=1, max_size=8, unique=True))
def test_the_looks_together_spend_all_of_the_error_and_no_more(numbers: list[int]) -> None:
    assert sum(look.share for look in spend(tuple(sorted(numbers)))) == pytest.approx(1)


def test_a_number_of_seeds_is_a_single_look_that_spends_all() -> None:
    study = study_of(seeds=5)
    runs = table(study)
    course = read_course(study, runs)
    assert [tuple(look) for look in course.looks] == [(5, 1.0)]
    for arm, found in compare_all(course, read_scores(study, runs), study.against).items():
        scores = [[usual(name, seed) for seed in range(5)] for name in (arm, "reference")]
        assert found == compare(*scores, margin=0.25, comparisons=3)


@relaxed
@given(st.data())
def test_what_no_look_needs_changes_nothing(data: st.DataObject) -> None:
    study = study_of()
    course, judged = read_course(study, table(study)), verdicts(study, table(study))
    spare = [(cell.arm.name, cell.seed) for cell in study.cells if not course.needs(cell.arm.name, cell.seed)]
    kept = data.draw(st.dictionaries(st.sampled_from(spare), st.floats(0, 60)))

    def score(arm: str, seed: int) -> float | None:
        return kept.get((arm, seed)) if (arm, seed) in spare else usual(arm, seed)

    assert read_course(study, table(study, score)) == course
    assert verdicts(study, table(study, score)) == judged


def test_the_next_look_waits_for_every_run_of_this_one() -> None:
    study = study_of()
    runs = table(study, same_1="unfinished")
    course = read_course(study, runs)
    assert set(course.needed.values()) == {3}
    assert verdicts(study, runs) == {"same": "waiting", "worse": "worse", "unsure": "waiting"}
    assert course.undecided == {"same", "unsure", "reference"}


@pytest.mark.parametrize("status", ["failed", "timed out"])
def test_an_arm_with_a_failed_run_waits_and_the_others_continue(status: str) -> None:
    study = study_of()
    runs = table(study, unsure_1=status)
    assert verdicts(study, runs) == {"same": "equivalent", "worse": "worse", "unsure": "waiting"}
    assert read_course(study, runs).end("unsure", "reference") == "failed"
    assert read_course(study, runs).undecided == set()


def test_a_claim_about_two_other_arms_is_followed_too() -> None:
    study = study_of(expect=[{"arm": "unsure", "than": "same", "verdict": "equivalent"}])
    course, scores = read_course(study, table(study)), read_scores(study, table(study))
    assert course.needed["same"] == 12, "for the claim, though it is decided against its reference"
    usual_pair, mirrored = ("same", "reference"), ("same", "unsure")
    assert [len(looks) for looks in course.histories(scores, [usual_pair, mirrored]).values()] == [1, 4]
    assert course.compare_pairs(scores, [mirrored])[mirrored].pairs == 12, "the other way round"


@pytest.mark.parametrize(("runs", "needed"), [(12, 3), (15, 3), (16, 5), (21, 5), (22, 8), (30, 12)])
def test_a_number_of_runs_is_never_exceeded_and_ends_what_is_undecided(runs: int, needed: int) -> None:
    study = study_of(runs=runs)
    course = read_course(study, table(study))
    assert course.needed["unsure"] == needed
    assert sum(course.needed.values()) <= runs
    assert course.end("unsure", "reference") == ("budget" if needed < 12 else "last look")
    assert verdicts(study, table(study))["unsure"] == "undecided"


@pytest.mark.parametrize(("budget", "needed"), [("1s", 3), ("1599s", 3), ("1600s", 5), ("2200s", 8), ("1h", 12)])
def test_a_budget_is_of_training_time_and_looks_ahead(budget: str, needed: int) -> None:
    study = study_of(budget=budget)
    assert read_course(study, table(study)).needed["unsure"] == needed, "a run takes 100 s"


def test_a_diverged_arm_may_only_be_found_worse() -> None:
    study = study_of()
    assert verdicts(study, table(study, same_1="diverged"))["same"] == "undecided"
    assert read_course(study, table(study, same_1="diverged")).end("same", "reference") == "futile"


def comparison_of(mean: float, sd: float, seeds: int) -> Any:
    """One with exactly this mean and standard deviation of the differences."""
    spread = np.arange(seeds) - (seeds - 1) / 2
    differences = mean + sd * spread / spread.std(ddof=1)
    return compare(differences, np.zeros(seeds), margin=0.25, comparisons=4, share=1 / 6)


@pytest.mark.parametrize(
    ("mean", "sd", "given_up"), [(0, 0.5, True), (0.1, 0.5, True), (0, 0.15, False), (1, 0.5, False)]
)
def test_an_arm_is_given_up_only_where_no_verdict_is_in_reach(mean: float, sd: float, given_up: bool) -> None:
    assert is_futile(comparison_of(mean, sd, 5), spend((3, 5, 8, 12))[-1], 0.25, 4) == given_up


@relaxed
@given(st.floats(-0.5, 0.5), st.floats(0.2, 1), st.sampled_from([5, 8]))
def test_what_is_given_up_would_hardly_ever_have_been_decided(effect: float, sd: float, seeds: int) -> None:
    mean, last = effect * sd, spend((3, 5, 8, 12))[-1]
    assume(is_futile(comparison_of(mean, sd, seeds), last, 0.25, 4))
    draw = np.random.default_rng(seeds)
    spread = np.arange(seeds) - (seeds - 1) / 2
    so_far = np.broadcast_to(mean + sd * spread / spread.std(ddof=1), (4000, seeds))
    # the truth is drawn from what the seeds so far leave possible
    variance = sd**2 * (seeds - 1) / draw.chisquare(seeds - 1, (4000, 1))
    truth = draw.normal(mean, np.sqrt(variance / seeds))
    differences = np.concatenate([so_far, draw.normal(truth, np.sqrt(variance), (4000, 12 - seeds))], axis=1)
    test, error = stats.ttest_1samp(differences, 0, axis=1), 0.05 / 4 * last.share
    outer, inner = test.confidence_interval(1 - error), test.confidence_interval(1 - 2 * error)
    settled: Any = (outer.low > 0) | (outer.high < 0) | ((inner.low > -0.25) & (inner.high < 0.25))
    assert settled.mean() < 0.2
