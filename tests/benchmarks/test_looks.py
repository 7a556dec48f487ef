"""Looks have the promised error rates in simulated studies: a quick version of `benchmarks/looks.md`."""

import numpy as np
import pytest

from ablate.records.tables import read_course, read_scores
from ablate.statistics.course import compare_all
from benchmarks.calibration import uncertainty
from benchmarks.looks import LOOKS, PAGE, RULES, STUDIES, TRUTHS, Rule, audit_row, judge_studies, row, simulate, worst
from benchmarks.noises import NOISES, SYMMETRIC, Noise
from tests.helpers.courses import study_of, table

QUICK = 2000
OURS, FREE, LATE, UNCORRECTED, FIXED = RULES


@pytest.mark.parametrize("seed", range(20))
def test_the_benchmark_judges_by_the_rule_of_the_course(seed: int) -> None:
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


@pytest.mark.parametrize("noise", SYMMETRIC, ids=lambda noise: noise.name)
@pytest.mark.parametrize("truth", TRUTHS)
def test_verdicts_over_all_looks_are_wrong_in_no_more_than_5_percent(noise: Noise, truth: float) -> None:
    for scale in (1, 5):
        assert simulate(OURS, 5, scale, truth, QUICK, noise).error <= 0.05 + uncertainty(QUICK)


AUDIT = {
    "heads, recorded": (6, 13),
    "depth, recorded": (5, 17),
    "12 normal seeds": (6, 7),
    "skewness 2, every arm": (5, 8),
    "reference drops": (5, 71),  # 68 for the audit, whose *equivalent* needed the outer interval
    "windfalls": (2, 25),
}
"""Studies with a wrong verdict in percent, with looks, as measured by an independent audit of the rule."""


@pytest.mark.parametrize("name", AUDIT)
def test_the_noises_of_the_audit_have_the_errors_that_it_found(name: str) -> None:
    arms, expected = AUDIT[name]
    noise = next(noise for noise in NOISES if noise.name == name)
    assert 100 * worst(OURS, noise, 5 * QUICK, (arms,)) == pytest.approx(expected, abs=1.5)


def test_uncorrected_looks_are_wrong_far_more_often() -> None:
    assert simulate(UNCORRECTED, 10, 5, 0, QUICK).error > 0.1


def test_giving_up_saves_runs_and_hardly_any_power() -> None:
    ours, free = (simulate(rule, 5, 5, 0, QUICK) for rule in (OURS, FREE))
    assert ours.runs < 0.75 * free.runs
    ours, free = (simulate(rule, 5, 5, 2, QUICK) for rule in (OURS, FREE))
    assert ours.power > free.power - 0.01
    assert ours.error <= free.error


def test_error_that_is_spent_late_decides_nothing_at_three_seeds() -> None:
    assert simulate(LATE, 5, 1, 2, QUICK).early < 0.01
    assert simulate(OURS, 5, 1, 2, QUICK).early > 0.1


def test_the_fixed_design_uses_every_run() -> None:
    assert simulate(FIXED, 5, 1, 2, QUICK).runs == 1


def test_the_page_was_written_by_the_full_benchmark() -> None:
    assert f"{STUDIES:,} simulated studies" in PAGE.read_text()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_page_has_the_rows_that_the_program_writes(rule: Rule) -> None:
    """One line of each table, simulated again; `python -m benchmarks.looks` writes them all."""
    assert row(rule, 5, 2.0, STUDIES) in PAGE.read_text().split(f"## {rule.name}: ")[1].split("## ")[0]


def test_the_page_has_the_line_of_the_audit_that_the_program_writes() -> None:
    assert audit_row("depth, recorded", 5, STUDIES) in PAGE.read_text()


def test_the_first_table_of_the_page_repeats_cells_of_the_others() -> None:
    """So it needs no simulation of its own to be checked."""
    first, *others = PAGE.read_text().split("\n## ")
    heads, _, *lines = ([cell.strip() for cell in line.strip("|").split("|")] for line in first.splitlines()[-7:])
    worst_errors, *_ = (dict(zip(RULES, line.strip("|").split("|")[1:], strict=True)) for line in _normal(others))
    for rule, (name, error, *cells) in zip(RULES, lines, strict=True):
        (text,) = (part for part in others if part.startswith(f"{rule.name}: "))
        names, _, *sizes = ([cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()[2:11])
        by_sd = {f"{size[1]} dB": dict(zip(names, size, strict=True)) for size in sizes if size[0] == "5"}
        expected = [by_sd[sd][f"{what}, {truth}"] for what, truth, sd in (head.split(", ") for head in heads[2:])]
        assert (name, error, cells) == (rule.name, worst_errors[rule].strip(), expected)


def _normal(parts: list[str]) -> list[str]:
    """The lines of the normal noise, first that of the table of the worst errors."""
    return [line for part in parts for line in part.splitlines() if line.startswith("| normal |")]
