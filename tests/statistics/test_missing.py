"""Verdicts that do without a few missing runs, as the study says before its first run (`missing`)."""

import numpy as np
import pandas as pd
import pytest

from ablate.errors import AblateError
from ablate.records.tables import read_course, read_scores
from ablate.reporting.study.content import document
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.tables import seeds_table
from ablate.statistics.contributions import contributions
from ablate.statistics.course import compare_all
from ablate.statistics.interactions import GridScores, interactions
from ablate.statistics.verdicts import Comparison, compare
from ablate.strategies import Outcome
from ablate.strategies.sequential import UntilDecided
from ablate.studies.planning import Design
from tests.helpers.courses import study_of, table, usual
from tests.helpers.fabricated import fabricate, grid_score, grid_study, named_score, named_study

ZERO = 17.3


def runs_of(study: Design, **statuses: str) -> pd.DataFrame:
    runs = table(study, usual, **statuses)
    return runs.assign(**{"zero/psnr": runs["test/psnr"].mask(runs["test/psnr"].notna(), ZERO)})


def judge(study: Design, runs: pd.DataFrame) -> dict[str, Comparison]:
    return compare_all(read_course(study, runs), read_scores(study, runs), study.against)


def test_a_run_that_timed_out_is_left_out_with_its_pair() -> None:
    study = study_of(seeds=5, missing=1)
    seeds = [0, 1, 2, 4]
    scores = [[usual(name, seed) for seed in seeds] for name in ("worse", "reference")]
    assert judge(study, runs_of(study, worse_3="timed out"))["worse"] == compare(*scores, margin=0.25, comparisons=3)


def test_a_failed_run_counts_as_predicting_zero_and_as_a_bad_one() -> None:
    study = study_of(seeds=5, missing=1)
    found = judge(study, runs_of(study, same_3="failed"))["same"]
    scores = [[usual("same", seed) if seed != 3 else ZERO for seed in range(5)]]
    scores += [[usual("reference", seed) for seed in range(5)]]
    assert found == compare(*scores, margin=0.25, comparisons=3, arm_bad=True)
    assert found.barred == {"better", "equivalent"}


@pytest.mark.parametrize("statuses", [{"worse_1": "timed out", "reference_3": "failed"}, {"worse_1": "absent"}])
def test_a_verdict_waits_for_more_missing_runs_than_allowed_and_for_those_to_come(statuses: dict[str, str]) -> None:
    study = study_of(seeds=5, missing=1)
    assert judge(study, runs_of(study, **statuses))["worse"].verdict == "waiting"


@pytest.mark.parametrize("status", ["failed", "timed out"])
@pytest.mark.parametrize("seed", [0, 4])
def test_without_the_key_every_verdict_waits(status: str, seed: int) -> None:
    study = study_of(seeds=5)
    assert judge(study, runs_of(study, **{f"worse_{seed}": status}))["worse"].verdict == "waiting"


def test_later_looks_continue_without_a_run_that_timed_out() -> None:
    study = study_of(missing=1)
    course = read_course(study, runs_of(study, unsure_1="timed out"))
    assert (course.needed["unsure"], course.end("unsure", "reference")) == (12, "last look")


@pytest.mark.parametrize("missing", [3, 12])
def test_at_least_one_seed_of_the_first_look_must_be_needed(missing: int) -> None:
    with pytest.raises(AblateError, match=rf"missing: .*3 \(given: {missing}\); allowed: 0 to 2"):
        study_of(missing=missing)


@pytest.mark.parametrize("outcome", [Outcome("failed"), Outcome("timed out"), Outcome("lost")])
@pytest.mark.parametrize(("missing", "end"), [(0, "failed"), (1, None)])
def test_a_sweep_continues_without_a_run_that_did_not_end(outcome: Outcome, missing: int, end: str | None) -> None:
    study = study_of(missing=missing)
    outcomes = {
        cell.run.id: Outcome("finished", (), {"test/psnr": usual(cell.arm.name, cell.seed), "zero/psnr": ZERO})
        for cell in study.cells
        if cell.seed < 3
    }
    (lost,) = [cell.run.id for cell in study.cells if (cell.arm.name, cell.seed) == ("unsure", 1)]
    strategy = UntilDecided(study, slots=lambda: 1)
    proposed = {run.id for run in strategy.propose(outcomes | {lost: outcome})}
    (later,) = [cell.run.id for cell in study.cells if (cell.arm.name, cell.seed) == ("unsure", 4)]
    assert strategy.course is not None
    assert (strategy.course.end("unsure", "reference"), later in proposed) == (end, end is None)


STUDY = named_study(4, seeds=6, missing=1)
FIRST, SECOND, THIRD, FOURTH = (arm.name for arm in STUDY.arms)


def page_of(study: Design, *lost: tuple[str, int], timed_out: tuple[tuple[str, int], ...] = ()) -> Page:
    data = fabricate(study, lambda cell: None if (cell.arm.name, cell.seed) in lost else named_score(cell))
    for arm, seed in timed_out:
        data.runs.loc[(data.runs.arm == arm) & (data.runs.seed == seed), ["status", "error"]] = "timed out", "not done"
    return build(study, data)


def test_a_report_names_the_runs_that_no_verdict_waits_for_and_what_becomes_of_them() -> None:
    page = page_of(STUDY, (SECOND, 2), (THIRD, 4), timed_out=((THIRD, 4),))
    assert [(run.arm, run.seed, run.status) for run in page.left_out] == [
        (SECOND, 2, "failed"),
        (THIRD, 4, "timed out"),
    ]
    assert not page.missing_runs
    found = {row.name: comparison for row, comparison in page.compared_arms}
    assert {arm: comparison.pairs for arm, comparison in found.items()} == {SECOND: 6, THIRD: 5, FOURTH: 6}
    assert "waiting" not in {comparison.verdict for comparison in found.values()}
    assert str(seeds_table(page)).count(" (failed)") == 1
    (warning,) = document(page).warnings
    assert "one that failed counts as predicting zero" in warning
    assert f"{SECOND} seed 2: failed" in warning
    assert "seed 4: timed out (not done)" in warning


def test_a_report_waits_for_runs_beyond_what_is_allowed_and_does_without_the_others() -> None:
    page = page_of(STUDY, (SECOND, 2), (SECOND, 3), (THIRD, 4), timed_out=((THIRD, 4),))
    assert [(run.arm, run.seed) for run in page.missing_runs] == [(SECOND, 2), (SECOND, 3)]
    assert [(run.arm, run.seed) for run in page.left_out] == [(THIRD, 4)]
    waiting = {row.name: comparison.verdict == "waiting" for row, comparison in page.compared_arms}
    assert waiting == {SECOND: True, THIRD: False, FOURTH: False}


def test_a_run_whose_record_was_set_aside_is_left_out_and_no_bad_one() -> None:
    data = fabricate(STUDY, lambda cell: None if (cell.arm.name, cell.seed) == (SECOND, 2) else named_score(cell))
    lost = data.runs.status == "failed"
    data.runs.loc[lost, ["status", "error"]] = ["set aside", "without test/psnr; its weights are gone"]
    (found,) = [comparison for row, comparison in build(STUDY, data).compared_arms if row.name == SECOND]
    assert (found.pairs, found.barred) == (5, frozenset())


def test_other_choices_wait_for_no_run_that_the_verdict_does_without() -> None:
    page = page_of(STUDY, (THIRD, 4), timed_out=((THIRD, 4),))
    (found,) = [item for item in page.sensitivity if item.arm == THIRD]
    assert found.actual.pairs == 5
    assert "waiting" not in {comparison.verdict for comparison in found.others.values()}


@pytest.mark.parametrize(("missing", "waits"), [(0, True), (1, False)])
def test_contrasts_and_contributions_wait_as_verdicts_do(missing: int, waits: bool) -> None:
    draw = np.random.default_rng(0)
    scores, lacking = draw.normal(25, 0.1, (6, 2, 2)), np.zeros((6, 2, 2), bool)
    scores[3, 1, 1], lacking[3, 1, 1] = np.nan, True
    grid = GridScores(("a", "b"), ((0, 1),) * 2, (0, 0), scores, np.zeros((2, 2), bool), 1, lacking, missing)
    found = [item.comparison for item in interactions(grid, 0.25)]
    found += [item.comparison for item in contributions(grid, 0.25)]
    assert [(comparison.pairs, comparison.verdict == "waiting") for comparison in found] == [(5, waits)] * 3


def test_a_report_says_why_a_contrast_waits() -> None:
    study = grid_study(missing=1)
    lost = {("width=16, depth=12", 1), ("width=16, depth=4", 2)}
    data = fabricate(study, lambda cell: None if (cell.arm.name, cell.seed) in lost else grid_score(cell) or 30.0)
    data.runs.loc[data.runs.status == "failed", ["status", "error"]] = "timed out", "not done"
    text = str(document(build(study, data)))
    assert "more than 1 seed lacks a run in any of the cells that it depends on" in text
