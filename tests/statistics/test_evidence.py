"""When a claim holds, when it is contradicted, and when neither can be said."""

import math
from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.records.tables import read_course, read_scores
from ablate.statistics.claims import Claim, Expected, Outcome
from ablate.statistics.evidence import Evidence, exit_code, weigh, weigh_claims
from ablate.statistics.verdicts import Comparison, find_barred, judge
from tests.helpers.score_tables import runs_of, study_of

MARGIN = 0.25


def comparison(low: float, high: float, *, arm: bool = False, reference: bool = False) -> Comparison:
    """One with this interval, inner and outer; `arm` and `reference` say who diverged."""
    barred = find_barred(arm_bad=arm, reference_bad=reference)
    verdict: Any = judge((low, high), (low, high), MARGIN).item()
    verdict = "undecided" if verdict in barred else verdict
    return Comparison(5, (low + high) / 2, 0.1, low, high, 0.95, low, high, verdict, barred)


OUTCOMES: list[tuple[tuple[float, float], str, str, str]] = [  # interval; claims of better, worse, equivalent
    ((0.3, 0.5), "held", "contradicted", "contradicted"),
    ((0.25, 0.5), "held", "contradicted", "contradicted"),
    ((0.1, 0.5), "held", "contradicted", "undecided"),
    ((0.1, 0.2), "contradicted", "contradicted", "held"),
    ((-0.1, 0.1), "contradicted", "contradicted", "held"),
    ((-0.1, 0.5), "undecided", "undecided", "undecided"),
    ((-0.5, 0.1), "undecided", "undecided", "undecided"),
    ((-0.5, -0.1), "contradicted", "held", "undecided"),
    ((-0.5, -0.25), "contradicted", "held", "contradicted"),
    ((-math.inf, math.inf), "undecided", "undecided", "undecided"),
]


@pytest.mark.parametrize(("interval", "better", "worse", "equivalent"), OUTCOMES)
def test_the_outcome_of_a_claim(interval: tuple[float, float], better: str, worse: str, equivalent: str) -> None:
    found = comparison(*interval)
    assert [weigh(claimed, found, MARGIN) for claimed in get_args(Expected)] == [better, worse, equivalent]


intervals = st.tuples(st.floats(-1, 1), st.floats(-1, 1)).map(sorted)
claimed = st.sampled_from(get_args(Expected))


@given(intervals)
def test_equivalent_is_contradicted_only_beyond_the_margin(interval: Any) -> None:
    low, high = interval
    outcome = weigh("equivalent", comparison(low, high), MARGIN)
    assert (outcome == "contradicted") == (low >= MARGIN or high <= -MARGIN)


@given(intervals, claimed, st.booleans(), st.booleans())
def test_a_claim_holds_if_and_only_if_it_is_the_verdict(interval: Any, claim: Any, arm: bool, reference: bool) -> None:
    found = comparison(*interval, arm=arm, reference=reference)
    assert (weigh(claim, found, MARGIN) == "held") == (found.verdict == claim)


@given(intervals, claimed)
def test_a_claim_turned_round_has_the_same_outcome(interval: Any, claim: Any) -> None:
    low, high = interval
    mirror: Any = {"better": "worse", "worse": "better"}.get(claim, claim)
    assert weigh(claim, comparison(low, high), MARGIN) == weigh(mirror, comparison(-high, -low), MARGIN)


def test_a_claim_waits_with_its_verdict() -> None:
    waiting = replace(comparison(0.3, 0.5), verdict="waiting")
    assert {weigh(claim, waiting, MARGIN) for claim in get_args(Expected)} == {"undecided"}


@pytest.mark.parametrize(
    ("interval", "claim", "outcome"),
    [
        ((0.3, 0.5), "better", "undecided"),
        ((0.3, 0.5), "worse", "undecided"),
        ((0.3, 0.5), "equivalent", "undecided"),
        ((-0.1, 0.1), "equivalent", "undecided"),
        ((-0.1, 0.1), "better", "undecided"),
        ((-0.5, -0.3), "better", "contradicted"),
        ((-0.5, -0.3), "equivalent", "contradicted"),
        ((-0.5, -0.3), "worse", "held"),
    ],
)
def test_an_arm_that_diverged_supports_only_that_it_is_worse(interval: Any, claim: Any, outcome: str) -> None:
    assert weigh(claim, comparison(*interval, arm=True), MARGIN) == outcome


@given(intervals, claimed)
def test_where_both_diverged_no_claim_is_settled(interval: Any, claim: Any) -> None:
    assert weigh(claim, comparison(*interval, arm=True, reference=True), MARGIN) == "undecided"


def test_claims_are_weighed_on_the_scores_of_their_own_arms() -> None:
    study = study_of(
        expect=[{"arm": "one", "than": "two", "verdict": "worse"}, {"arm": "two", "verdict": "better"}],
        margin=0.2,
    )
    scores, course = read_scores(study, runs_of(study)), read_course(study, runs_of(study))
    first, second = weigh_claims(study.claims, course, scores)
    assert (first.claim, first.outcome) == (Claim("one", "two", "worse"), "held")
    assert [first.comparison] == scores.compare_pairs([("one", "two")])
    assert (second.claim, second.outcome) == (Claim("two", "four", "better"), "undecided")


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ([], 0),
        (["held", "held"], 0),
        (["held", "undecided"], 3),
        (["undecided", "contradicted", "held"], 1),
    ],
)
def test_a_contradicted_claim_outweighs_an_undecided_one(outcomes: list[Outcome], code: int) -> None:
    claim, found = Claim("a", "b", "better"), comparison(0, 1)
    assert exit_code([Evidence(claim, found, outcome) for outcome in outcomes]) == code
