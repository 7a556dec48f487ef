"""Pages for made-up scores whose verdicts are known."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ablate.reporting.markup.rendering import markdown
from ablate.reporting.study.answer import claim_sentence
from ablate.reporting.study.content import document
from ablate.reporting.study.data import Data
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.texts import arm_texts
from tests.helpers import fabricated
from tests.helpers.heads_study import REFERENCE, data, scores, study


@pytest.fixture
def page() -> Page:
    return build(study(), data(study()))


def test_training_time_is_that_of_the_fastest_run_with_all_epochs() -> None:
    slowed = data(study())
    first = slowed.runs.index[slowed.runs.arm == "heads=1"]
    slowed.runs.loc[first[0], "cost/train_seconds"] = 900.0
    slowed.runs.loc[first[1], "status"] = "diverged"
    slowed.runs.loc[first[1], "cost/train_seconds"] = 3.0
    (row,) = [row for row in build(study(), slowed).rows if row.name == "heads=1"]
    assert row.level.seconds == 90


def test_each_arm_has_the_verdict_that_its_scores_deserve(page: Page) -> None:
    verdicts = {row.name: row.comparison and row.comparison.verdict for row in page.rows}
    assert verdicts == {
        "heads=4": None,
        "heads=1": "equivalent",
        "heads=2": "worse",
        "heads=8": "better",
        "heads=16": "undecided",
    }


def test_the_error_is_shared_by_all_compared_arms(page: Page) -> None:
    assert page.level == pytest.approx(1 - 0.05 / 4)
    assert {row.comparison.level for row in page.rows if row.comparison} == {page.level}


def test_the_metric_decides_the_direction() -> None:
    lower = study(metric="test/mse", margin=0.0001)
    verdicts = {row.name: row.comparison.verdict for row in build(lower, data(lower)).rows if row.comparison}
    assert (verdicts["heads=2"], verdicts["heads=8"]) == ("worse", "better")


def test_a_verdict_waits_for_missing_runs_which_are_named() -> None:
    made = data(study())
    failed = (made.runs.arm == "heads=2") & (made.runs.seed == 3)
    made.runs.loc[failed, ["status", "error"]] = ["failed", "out of memory"]
    made.runs.loc[failed, "test/psnr"] = math.nan
    page = build(study(), made)
    verdicts = {row.name: row.comparison.verdict for row in page.rows if row.comparison}
    assert (verdicts["heads=2"], verdicts["heads=8"]) == ("waiting", "better")
    assert [str(missing) for missing in page.missing_runs] == ["heads=2 seed 3: failed (out of memory)"]


def test_an_arm_with_a_diverged_run_is_never_better() -> None:
    made = data(study())
    made.runs.loc[(made.runs.arm == "heads=8") & (made.runs.seed == 0), "status"] = "diverged"
    rows = {row.name: row for row in build(study(), made).rows}
    assert rows["heads=8"].diverged_runs == 1
    assert rows["heads=8"].comparison is not None
    assert rows["heads=8"].comparison.verdict == "undecided"
    assert rows["heads=8"].comparison.smallest_margin == math.inf


def test_the_error_over_test_images_is_that_of_the_runs_that_did_not_diverge() -> None:
    grid = fabricated.grid_study()
    rows = {row.name: row for row in build(grid, fabricated.fabricate(grid, fabricated.grid_score)).rows}
    steady, diverging = rows["width=16, depth=12"], rows["width=16, depth=8"]
    assert diverging.diverged_runs == 2
    assert diverging.image_sem == pytest.approx(steady.image_sem, rel=0.5)
    gone = build(grid, fabricated.fabricate(grid, lambda cell: math.nan))
    assert arm_texts(gone.rows[0], gone).image_sem == "–"


def test_the_last_epochs_mean_is_rounded_by_its_own_spread() -> None:
    made = data(study())
    made.runs.loc[made.runs.arm == "heads=4", "last/psnr"] = [30.0, 10.0, 20.0, 28.0]  # standard error: 4.5
    page = build(study(), made)
    assert (arm_texts(page.rows[0], page).mean, arm_texts(page.rows[0], page).last_mean) == ("30.1", "22")


def test_claims_come_with_their_evidence() -> None:
    claims = [
        {"arm": {"model.heads": 2}, "verdict": "worse"},
        {"arm": {"model.heads": 8}, "than": {"model.heads": 2}, "verdict": "equivalent"},
        {"arm": {"model.heads": 16}, "verdict": "better"},
    ]
    claiming = study(expect=claims)
    page = build(claiming, data(claiming))
    assert [evidence.outcome for evidence in page.claims] == ["held", "contradicted", "undecided"]
    assert claim_sentence(page.claims[0], page) == (
        "heads=2 is worse than heads=4: held (−0.995 [−1.033, −0.957] dB at 99.00%)"
    )
    assert claim_sentence(page.claims[1], page).startswith("heads=8 is equivalent to heads=2: contradicted (+2.00 [")


def test_a_claim_about_two_other_arms_is_one_comparison_more() -> None:
    other = {"arm": {"model.heads": 8}, "than": {"model.heads": 2}, "verdict": "better"}
    claiming = study(expect=[other])
    page = build(claiming, data(claiming))
    levels = {row.comparison.level for row in page.rows if row.comparison} | {page.claims[0].comparison.level}
    assert page.comparisons == 5
    assert levels == {page.level} == {1 - 0.05 / 5}


def test_a_claim_says_that_it_waits_for_a_run() -> None:
    claiming = study(expect=[{"arm": {"model.heads": 2}, "verdict": "worse"}])
    made = data(claiming)
    made.runs.loc[(made.runs.arm == "heads=2") & (made.runs.seed == 3), "test/psnr"] = math.nan
    page = build(claiming, made)
    (evidence,) = page.claims
    assert evidence.outcome == "undecided"
    assert "undecided, since a run is missing (" in claim_sentence(evidence, page)


def test_the_bound_on_bad_seeds_is_that_of_the_clean_ones(page: Page) -> None:
    assert page.bad_seeds.bound == pytest.approx(1 - 0.05 ** (1 / 4))


def test_provenance_is_what_the_runs_recorded(page: Page) -> None:
    assert page.provenance == {"torch": "2.14", "threads": "1"}
    assert page.train_seconds == pytest.approx(20 * 90)


def test_runs_from_two_versions_show_both() -> None:
    made = data(study())
    made.runs.loc[0, "env/torch"] = "2.13"
    assert build(study(), made).provenance["torch"] == "2.13, 2.14"


def test_no_baseline_is_shown_where_arms_differ_in_the_task() -> None:
    made = data(study())
    made.runs.loc[0, "nothing/psnr"] = 22.0
    assert math.isnan(build(study(), made).nothing_score)


def test_baselines_that_another_machine_rounds_differently_are_the_same() -> None:
    made = data(study())
    made.runs.loc[0, "nothing/psnr"] = 21.4 + 1e-9
    assert build(study(), made).nothing_score == pytest.approx(21.4)


def test_no_scale_is_given_if_one_of_its_ends_is_unknown() -> None:
    made = data(study())
    made.runs.loc[0, "zero/psnr"] = 12.0
    assert "For scale" not in markdown(document(build(study(), made)))
    assert "For scale" in markdown(document(build(study(), data(study()))))


def test_the_error_over_test_images_is_in_the_metrics_unit(page: Page) -> None:
    mse = 10 ** (-REFERENCE[0] / 10)
    shifted = 10 * math.log10((mse + 1e-6) / mse)  # what a small error of the MSE does to the PSNR
    made = data(study(), **{"test/mse_sem": 1e-6, "test/mse": mse})
    assert build(study(), made).rows[0].image_sem == pytest.approx(shifted, rel=1e-3)


def with_epochs(slope: float, epochs: int = 20) -> Data:
    """Every run with a PSNR that rises by this much per epoch, and by ten times as much in the first epochs."""
    made = data(study())
    rises = [10 * slope] * (epochs // 2) + [slope] * (epochs - epochs // 2)
    rows = [
        {"arm": arm, "run": run, "epoch": epoch, "val/psnr": 25 + sum(rises[:epoch])}
        for arm, run in zip(made.runs.arm, made.runs.run, strict=True)
        for epoch in range(1, epochs + 1)
    ]
    return replace(made, epochs=pd.DataFrame(rows))


@pytest.mark.parametrize(("slope", "improves"), [(0.1, True), (0.02, False), (-0.1, False)])
def test_the_page_says_that_scores_still_improve_if_that_exceeds_the_margin(slope: float, improves: bool) -> None:
    text = markdown(document(build(study(), with_epochs(slope))))
    assert ("still changes by +0.10 dB per epoch" in text) == improves


def test_the_correlation_of_an_arm_is_that_of_its_scores_with_its_references(page: Page) -> None:
    found = {row.name: row.correlation for row in page.rows}
    expected = {arm: np.corrcoef(scores(arm), REFERENCE)[0, 1] for arm in found if arm != "heads=4"}
    assert found == pytest.approx({**expected, "heads=4": math.nan}, nan_ok=True)


def test_a_page_without_epochs_has_no_trend(page: Page) -> None:
    assert all(row.trend is None for row in page.rows)
    assert "A line is fitted" not in markdown(document(page))


def test_an_unfinished_run_has_no_trend_yet() -> None:
    made = with_epochs(0.1)
    first = made.runs.arm == "heads=1"
    found = build(study(), replace(made, runs=made.runs.assign(status=made.runs.status.mask(first, "unfinished"))))
    assert {row.name for row in found.rows if row.trend} == {"heads=4", "heads=2", "heads=8", "heads=16"}
