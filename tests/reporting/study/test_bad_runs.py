"""Runs that learned nothing keep their scores, are marked, and bar what diverged runs bar; rates are of seeds."""

import math

import pytest

from ablate.reporting.study.model import Page, build
from ablate.reporting.study.tables import seeds_table
from ablate.reporting.study.wrong import HELD, limit, rates_table, wrong
from ablate.statistics.rates import SeedRate, bad_seed_bound, paired_rates_p
from ablate.studies.planning import Cell
from tests.helpers.fabricated import ZERO, fabricate, named_score, named_study

STUDY = named_study(4, seeds=6)
FIRST, SECOND, THIRD, FOURTH = (arm.name for arm in STUDY.arms)


def score(cell: Cell) -> float | None:
    """The second arm learns nothing with the seeds 1 and 4, and the third one diverges with the seed 4."""
    if cell.arm.name == SECOND and cell.seed in (1, 4):
        return ZERO - 0.5 - 0.1 * cell.seed
    return math.nan if (cell.arm.name, cell.seed) == (THIRD, 4) else named_score(cell)


@pytest.fixture(scope="module")
def page() -> Page:
    return build(STUDY, fabricate(STUDY, score))


def test_a_run_that_learned_nothing_keeps_its_score(page: Page) -> None:
    assert page.scores.loc[1, SECOND] == pytest.approx(ZERO - 0.6)
    assert page.scores.loc[4, THIRD] == ZERO
    assert (page.useless.sum().to_dict(), page.diverged.sum().to_dict()) == (
        {FIRST: 0, SECOND: 2, THIRD: 0, FOURTH: 0},
        {FIRST: 0, SECOND: 0, THIRD: 1, FOURTH: 0},
    )


def test_it_is_marked_beside_its_score(page: Page) -> None:
    text = str(seeds_table(page))
    assert text.count("(learned nothing)") == 2
    assert text.count("(diverged)") == 1


def test_it_bars_what_a_diverged_run_bars(page: Page) -> None:
    barred = {row.name: comparison.barred for row, comparison in page.compared_arms}
    assert barred == {SECOND: {"better", "equivalent"}, THIRD: {"better", "equivalent"}, FOURTH: frozenset()}


def test_two_networks_that_learn_nothing_have_two_scores_and_no_verdict() -> None:
    made = fabricate(STUDY, lambda cell: ZERO - 1 - 0.01 * cell.seed - 0.05 * len(cell.arm.name) % 0.3)
    for _, comparison in build(STUDY, made).compared_arms:
        assert comparison.difference != 0
        assert comparison.verdict == "undecided"
        assert comparison.smallest_margin == math.inf


def test_bad_seeds_are_counted_once(page: Page) -> None:
    assert (page.bad_seeds.bad, page.bad_seeds.seeds) == (2, 6)


def test_a_seed_without_a_score_for_every_arm_is_not_counted() -> None:
    made = fabricate(STUDY, lambda cell: None if (cell.arm.name, cell.seed) == (FOURTH, 4) else score(cell))
    found = build(STUDY, made).bad_seeds
    assert (found.bad, found.seeds) == (1, 5)


def test_the_rates_of_an_arm_and_its_reference_are_compared_exactly(page: Page) -> None:
    lines = {line[0]: line for line in rates_table(page).rows}
    assert set(lines) == {SECOND, THIRD}
    assert f"{paired_rates_p([True, True, *[False] * 4], [False] * 6):.2f}" in lines[SECOND]
    assert "2 of 6" in lines[SECOND]


def test_arms_whose_reference_has_bad_runs_are_compared_with_it_too() -> None:
    made = fabricate(STUDY, lambda cell: ZERO - 1 if (cell.arm.name, cell.seed) == (FIRST, 2) else named_score(cell))
    lines = {line[0]: line for line in rates_table(build(STUDY, made)).rows}
    assert list(lines) == [FIRST, SECOND, THIRD, FOURTH]
    assert all(f"{paired_rates_p([False] * 6, [True, *[False] * 5]):.2f}" in lines[arm] for arm in (SECOND, FOURTH))


def test_verdicts_have_a_limit_where_bad_runs_could_be_frequent(page: Page) -> None:
    said = "About seeds without bad runs they hold if up to 20% of the runs are bad, but more could be"
    assert said in " ".join(map(str, wrong(page)))
    assert page.bad_seeds.bound > HELD


@pytest.mark.parametrize(("bad", "seeds", "said"), [(0, 5, True), (0, 13, True), (0, 14, False), (3, 14, True)])
def test_the_limit_is_said_if_the_bound_on_the_rate_of_bad_seeds_is_above_it(bad: int, seeds: int, said: bool) -> None:
    assert bool(limit(SeedRate(bad, seeds, bad_seed_bound(bad, seeds)))) == said
