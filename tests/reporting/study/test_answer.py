"""The sentences that answer a study's question."""

import math

import pandas as pd
import pytest

from ablate.reporting.markup.words import join_names
from ablate.reporting.study.answer import answer
from ablate.reporting.study.data import Data
from ablate.reporting.study.excluded import bound_text
from ablate.reporting.study.model import Page, build
from tests.helpers.heads_study import JITTER, REFERENCE, data, row, study


def test_the_answer_has_every_verdict() -> None:
    page = build(study(), data(study()))
    bound = bound_text(max(c.smallest_margin for _, c in page.compared_arms if c.verdict == "undecided"))
    assert answer(page) == (
        "Compared with heads=4 (test/psnr 30.1 dB): heads=2 is worse by 0.995 dB; heads=8 is better by 1.005 dB; "
        f"heads=1 is equivalent within ±0.25 dB; heads=16 changes test/psnr by {bound} dB at most, with 95% confidence "
        f"(undecided after 4 seeds). At a margin of {bound} dB, it would be equivalent; at 0.25 dB, a new study may "
        "need more than 50 seeds to decide it (80% power)."
    )


def test_an_answer_says_which_arms_are_worse_than_doing_nothing() -> None:
    made = data(study())
    made.runs.loc[made.runs.arm == "heads=2", "test/gain"] = -2.5
    text = answer(build(study(), made))
    assert text.endswith("power). The noisy input itself has a higher PSNR than heads=2, by 2.5 dB.")


def many(count: int, shift: float, **changes: object) -> Page:
    """A page of this many arms that score the same, above or below their reference."""
    names = {f"arm {index}": {"training.rate": 0.001 * index} for index in range(1, count + 2)}
    design = study(vary=None, arms=names, reference="arm 1", **changes)
    shifts = {arm.name: shift * index / count for index, arm in enumerate(design.arms)}
    rows = [
        row(design, arm.name, seed, REFERENCE[seed] + shifts[arm.name] + JITTER[(seed + index) % 4])
        for index, arm in enumerate(design.arms)
        for seed in design.seeds
    ]
    return build(design, Data(pd.DataFrame(rows), pd.DataFrame(columns=["arm", "epoch"]), {}))


def test_an_answer_counts_arms_when_they_are_many_and_quotes_their_names() -> None:
    text = answer(many(9, -9.0))
    assert text.startswith(
        'Compared with "arm 1" (test/psnr 30.1 dB): all 9 other arms are worse by 1.000 to 9.000 dB.'
    )
    below = answer(many(20, -20.0))
    assert 'a higher PSNR than "arm 21", "arm 20", "arm 19" and 5 others, by ' in below
    assert len(below) < 350


def test_an_arm_is_called_worse_than_doing_nothing_only_if_its_interval_says_so() -> None:
    page = many(20, -20.0)
    doubtful = [row.name for row in page.rows if row.level.gain < 0 <= row.level.gain_high]
    assert sum(row.level.gain_high < 0 for row in page.rows) == 8
    assert len(doubtful) == 4
    assert answer(page).endswith(
        f"It is not certain that {join_names(doubtful[::-1], 4)} do better than doing nothing."
    )


@pytest.mark.parametrize(("count", "names"), [(2, '"arm 3" and "arm 2"'), (3, '"arm 4", "arm 3" and "arm 2"')])
def test_an_answer_names_few_arms_by_the_size_of_their_difference(count: int, names: str) -> None:
    assert f": {names} are worse by" in answer(many(count, -3.0))


@pytest.mark.parametrize(("status", "runs"), [("failed", "runs that failed"), ("absent", "missing runs")])
def test_an_answer_without_any_run_says_what_it_waits_for(status: str, runs: str) -> None:
    made = data(study())
    made.runs[["test/psnr", "test/gain"]] = math.nan
    made.runs["status"] = status
    assert answer(build(study(), made)) == f"Compared with heads=4: all 4 other arms are waiting for {runs}."


def test_the_answer_of_a_grid_says_what_its_references_have_in_common() -> None:
    grid = study(vary={"model.heads": [4, 2], "model.depth": [1, 2]})
    rows = [row(grid, arm.name, seed, 30 - 0.1 * seed) for arm in grid.arms for seed in grid.seeds]
    made = Data(pd.DataFrame(rows), pd.DataFrame(columns=["arm", "epoch"]), {})
    rule = "Each compared by test/psnr with the arm that has heads=4 and is otherwise the same: "
    assert answer(build(grid, made)).startswith(rule + '"heads=2, depth=1" and "heads=2, depth=2" are ')
