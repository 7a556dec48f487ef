"""The table of scores: what it takes from the runs, and the comparisons that come of it."""

import math

import numpy as np
import pandas as pd
import pytest

from ablate.metrics import METRICS
from ablate.records.tables import read_course, read_scores
from ablate.statistics.course import compare_all
from ablate.statistics.verdicts import Comparison, compare
from ablate.studies.planning import Design
from tests.helpers.score_tables import SCORES, runs_of, study_of


def test_scores_are_in_the_order_of_the_study() -> None:
    study = study_of(seeds=[7, 3, 5])
    table = read_scores(study, runs_of(study)).values
    assert (list(table.index), list(table.columns)) == ([7, 3, 5], ["four", "one", "two"])
    assert table["one"].tolist() == SCORES["one"]


def compared(study: Design, runs: pd.DataFrame) -> dict[str, Comparison]:
    """Every arm's comparison, by a table of runs."""
    return compare_all(read_course(study, runs), read_scores(study, runs), study.against)


def test_a_comparison_is_that_of_its_two_columns() -> None:
    found = compared(study_of(), runs_of(study_of()))
    assert list(found) == ["one", "two"]
    assert found["one"] == compare(SCORES["one"], SCORES["four"], margin=0.25, comparisons=2)


def test_another_metric_brings_its_own_direction() -> None:
    scores = read_scores(study_of(), runs_of(study_of()), METRICS["test/mse"])
    assert scores.compare_pairs([("one", "four")])[0].difference < 0


def test_a_claim_about_two_other_arms_widens_every_interval() -> None:
    claiming = study_of(expect=[{"arm": "one", "than": "two", "verdict": "worse"}])
    before, after = (compared(s, runs_of(s))["one"] for s in (study_of(), claiming))
    assert (before.level, after.level) == pytest.approx((1 - 0.05 / 2, 1 - 0.05 / 3))
    assert after.low < before.low < before.high < after.high


@pytest.mark.parametrize(("arm", "verdict"), [("four", "undecided"), ("one", "worse")])
def test_a_diverged_run_counts_for_its_arm(arm: str, verdict: str) -> None:
    runs = runs_of(study_of())
    runs.loc[(runs.arm == arm) & (runs.seed == 1), "status"] = "diverged"
    (found,) = read_scores(study_of(), runs).compare_pairs([("one", "four")])
    assert (bool(found.barred), found.verdict) == (True, verdict)


def test_a_missing_run_leaves_its_pair_out_and_the_verdict_waits() -> None:
    runs = runs_of(study_of())
    runs.loc[(runs.arm == "one") & (runs.seed == 1), ["status", "test/psnr"]] = "failed", math.nan
    found = compared(study_of(), runs)
    assert (found["one"].pairs, found["one"].verdict) == (2, "waiting")
    assert found["two"].pairs == 3


def test_a_seed_left_out_is_as_if_it_had_never_run() -> None:
    runs = runs_of(study_of())
    runs.loc[(runs.arm == "two") & (runs.seed == 1), "status"] = "diverged"
    (found,) = read_scores(study_of(), runs).without(1).compare_pairs([("two", "four")])
    assert found == compare(*np.array([SCORES["two"], SCORES["four"]])[:, [0, 2]], margin=0.25, comparisons=2)
