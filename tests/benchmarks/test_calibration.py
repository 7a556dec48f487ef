"""The rule has the promised error rates in simulated studies: a quick version of `benchmarks/calibration.md`."""

import math

import numpy as np
import pytest
from scipy import stats

from ablate.statistics.intervals import paired_intervals
from ablate.statistics.multiplicity import level_of
from ablate.statistics.verdicts import compare, judge
from benchmarks.calibration import MARGIN, PAGE, STUDIES, is_right, measure, row
from benchmarks.noises import NOISES, ONE_ARM_DROPS, SYMMETRIC, Noise

QUICK = 2000
NAMED = {noise.name: noise for noise in NOISES}
PROMISED = [*SYMMETRIC, NAMED["late starters"]]


@pytest.mark.parametrize("arms", [2, 4])
@pytest.mark.parametrize("seeds", [2, 5])
def test_the_benchmark_judges_by_the_rule_of_the_verdicts(arms: int, seeds: int) -> None:
    draw = np.random.default_rng(arms)
    scores = draw.normal(30, draw.choice([0.01, 0.1, 0.5], (50, 1, 1)), (50, arms, seeds))
    scores[:, 1] += draw.choice([0, 0.2, -1], (50, 1))
    level = level_of(scores.shape[1] - 1)
    outer, inner = (paired_intervals(scores[:, 1:], scores[:, :1], one) for one in (level, 2 * level - 1))
    (low, high), found = outer, judge(outer, inner, MARGIN)
    for study in range(50):
        for arm in range(arms - 1):
            one = compare(scores[study, arm + 1], scores[study, 0], margin=MARGIN, comparisons=arms - 1)
            assert (low[study, arm], high[study, arm]) == pytest.approx((one.low, one.high))
            assert found[study, arm] == one.verdict
    assert len(set(found.ravel())) > 2


def at_most(rate: float, allowed: float) -> bool:
    """Whether a measured rate is compatible with a true rate of at most `allowed`; wrong once in 10,000 times."""
    return stats.binomtest(round(rate * QUICK), QUICK, allowed, alternative="greater").pvalue > 1e-4


@pytest.mark.parametrize("noise", PROMISED, ids=lambda noise: noise.name)
@pytest.mark.parametrize(("arms", "seeds"), [(2, 5), (5, 3), (5, 5), (10, 12)])
def test_at_most_one_study_in_twenty_is_wrong(noise: Noise, arms: int, seeds: int) -> None:
    cell = measure(noise, arms, seeds, QUICK)
    assert at_most(1 - cell.coverage, 0.05)
    assert all(at_most(error, 0.05) for error in cell.errors)


@pytest.mark.parametrize(("arms", "seeds"), [(2, 5), (5, 3), (5, 5), (10, 12)])
def test_the_power_under_normal_noise_is_the_one_computed(arms: int, seeds: int) -> None:
    cell = measure(NOISES[0], arms, seeds, QUICK)
    error = [math.sqrt(nominal * (1 - nominal) / QUICK) for nominal in cell.nominal]  # arms share a reference
    assert np.all(np.abs(np.subtract(cell.power, cell.nominal)) <= 4 * np.array(error) + 1e-3)


AUDIT = {
    "heads, recorded": (6, (90, 88, 88, 90)),
    "depth, recorded": (5, (92, 88, 84, 83)),
    "12 normal seeds": (6, (92, 92, 93, 94)),
    "skewness 2, every arm": (5, (94, 93, 91, 92)),
    "reference drops": (5, (74, 44, 36, 46)),
    "windfalls": (2, (90, 82, 75, 75)),
}
"""Joint coverage in percent at 3, 5, 8 and 12 seeds, as measured by an independent audit of the rule."""


@pytest.mark.parametrize("name", AUDIT)
def test_the_noises_of_the_audit_have_the_coverage_that_it_found(name: str) -> None:
    arms, expected = AUDIT[name]
    found = [100 * measure(NAMED[name], arms, seeds, 10 * QUICK).coverage for seeds in (3, 5, 8, 12)]
    assert found == pytest.approx(expected, abs=1.5)


def test_rare_disasters_of_one_arm_break_the_promised_error_rate() -> None:
    assert max(measure(ONE_ARM_DROPS, 2, 5, QUICK).errors) > 0.3


@pytest.mark.parametrize(
    ("truth", "true"),
    [(0.0, {"equivalent"}), (0.1, {"equivalent", "better"}), (-0.1, {"equivalent", "worse"}), (0.25, {"better"})],
)
def test_a_verdict_is_right_if_it_is_true(truth: float, true: set[str]) -> None:
    verdicts = np.array(["equivalent", "better", "worse", "undecided"])
    assert set(verdicts[is_right(verdicts, np.full(4, truth))]) == true


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.name)
def test_the_page_has_the_rows_that_the_program_writes(noise: Noise) -> None:
    """One line of each table, simulated again; `python -m benchmarks.calibration` writes them all."""
    arms = min(noise.arms, key=lambda arms: abs(arms - 5))
    assert row(measure(noise, arms, 5, STUDIES)) in PAGE.read_text().split(f"## {noise.name}: ")[1].split("## ")[0]
