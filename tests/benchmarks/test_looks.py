"""Looks keep what they promise, in simulated studies: a quick version of `benchmarks/looks.md`."""

import numpy as np
import pytest

from ablate.records.tables import read_course, read_scores
from ablate.statistics.course import compare_all
from benchmarks.calibration import UNBIASED, uncertainty
from benchmarks.looks import LOOKS, PAGE, RULES, STUDIES, TRUTHS, judge_studies, simulate
from tests.helpers.courses import study_of, table

QUICK = 2000
OURS, FREE, UNCORRECTED, LATE, FIXED = RULES


@pytest.mark.parametrize("seed", range(20))
def test_its_rule_is_that_of_the_course(seed: int) -> None:
    draw, study = np.random.default_rng(seed), study_of(seeds={"looks": list(LOOKS)})
    names, spread = [arm.name for arm in study.arms], draw.choice([0.05, 0.15, 0.5], (4, 1))
    scores = dict(zip(names, 30 + draw.choice([0, 0.2, -0.6], (4, 1)) + draw.normal(0, spread, (4, 12)), strict=True))
    runs = table(study, lambda arm, place: float(scores[arm][place]))
    course = read_course(study, runs)
    found = compare_all(course, read_scores(study, runs), study.against)
    differences = np.array([[scores[arm] - scores["reference"] for arm in found]])
    verdicts, used, _ = judge_studies(OURS, differences)
    assert dict(zip(found, verdicts[0], strict=True)) == {arm: c.verdict for arm, c in found.items()}
    assert dict(zip(found, used[0], strict=True)) == {arm: course.needed[arm] for arm in found}


@pytest.mark.parametrize("noise", UNBIASED, ids=lambda noise: noise.name)
@pytest.mark.parametrize("truth", TRUTHS)
def test_verdicts_over_all_looks_are_wrong_in_no_more_than_5_percent(noise: object, truth: float) -> None:
    for sd in (0.1, 0.5):
        assert simulate(OURS, 5, sd, truth, QUICK, noise).error <= 0.05 + uncertainty(QUICK)  # type: ignore[arg-type]


def test_looks_that_are_not_corrected_for_are_wrong_far_more_often() -> None:
    assert simulate(UNCORRECTED, 10, 0.5, 0, QUICK).error > 0.1


def test_giving_up_saves_runs_and_hardly_any_power() -> None:
    ours, free = (simulate(rule, 5, 0.5, 0, QUICK) for rule in (OURS, FREE))
    assert ours.runs < 0.75 * free.runs
    ours, free = (simulate(rule, 5, 0.5, 2, QUICK) for rule in (OURS, FREE))
    assert ours.power > free.power - 0.01
    assert ours.error <= free.error


def test_error_that_is_spent_late_decides_nothing_at_three_seeds() -> None:
    assert simulate(LATE, 5, 0.1, 2, QUICK).early < 0.01
    assert simulate(OURS, 5, 0.1, 2, QUICK).early > 0.1


def test_the_fixed_design_uses_every_run() -> None:
    assert simulate(FIXED, 5, 0.1, 2, QUICK).runs == 1


def test_the_page_is_that_of_the_whole_benchmark() -> None:
    assert f"{STUDIES:,} simulated studies" in PAGE.read_text()
