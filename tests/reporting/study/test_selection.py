"""What is shown of a study with more arms, or more levels, than a reader can tell apart."""

import numpy as np
import pytest

from ablate.reporting.markup.document import Table
from ablate.reporting.markup.figures import ReportFigure
from ablate.reporting.study.content import document
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.selection import MAX_ARMS, MAX_LEVELS, arms_note, with_few_arms, with_few_levels
from ablate.statistics.verdicts import DECIDED
from ablate.studies.planning import Cell, Design
from tests.helpers import fabricated
from tests.helpers.drawings import visible_texts

SETTLED = {f"rate {index}" for index in range(20, 30)}
COUNT = 60


def score(cell: Cell) -> float:
    """Arms 20 to 29 differ clearly from the reference, by -1 to 1 dB; the others differ by chance."""
    number = round(cell.arm.overrides["training.rate"] / 0.001) - 1
    effect = (number - 24.5) / 4.5 if 20 <= number < 30 else 0.0
    spread = 0.001 if effect or not number else 0.3
    return 30 + cell.seed / 10 + effect + float(np.random.default_rng([number, cell.seed]).normal(0, spread))


@pytest.fixture(scope="module")
def large() -> Page:
    study = fabricated.named_study(COUNT, margin=0.05)
    return build(study, fabricated.fabricate(study, score))


def test_the_fixture_has_decided_arms_in_its_middle(large: Page) -> None:
    assert {row.name for row, c in large.compared_arms if c.verdict in DECIDED} == SETTLED


def test_a_large_study_shows_its_references_what_is_decided_and_the_extremes(large: Page) -> None:
    shown = [row.name for row in with_few_arms(large).rows]
    assert len(shown) == MAX_ARMS
    assert {fabricated.LONG[0], *SETTLED} <= set(shown)
    assert shown == [row.name for row in large.rows if row.name in shown], "in the order of the study"
    rest = sorted((c.difference, row.name) for row, c in large.compared_arms if c.verdict not in DECIDED)
    assert {name for _, name in rest[:9] + rest[-9:]} <= set(shown)


def test_a_study_of_few_arms_is_shown_whole() -> None:
    study = fabricated.named_study(MAX_ARMS)
    page = build(study, fabricated.fabricate(study, fabricated.named_score))
    assert with_few_arms(page) is page
    assert arms_note(page) == ""


def test_each_arm_that_is_shown_has_its_reference_beside_it() -> None:
    study = fabricated.grid_study(vary={"model.width": [*range(8, 8 * 17, 8)], "model.depth": [1, 4, 12]})
    page = build(study, fabricated.fabricate(study, lambda cell: fabricated.grid_score(cell)))
    rows = with_few_arms(page).rows
    assert len(rows) <= MAX_ARMS
    assert {row.against for row in rows if row.against} <= {row.name for row in rows}


@pytest.mark.parametrize("figure", [figure for figure in FIGURES if figure.name in ("differences", "seeds", "curves")])
def test_a_figure_shows_no_other_arms_and_says_so(figure: ReportFigure[Page], large: Page) -> None:
    drawn = figure.draw(large)
    assert drawn
    texts = {text.get_text() for text in visible_texts(drawn)}
    hidden = {row.name for row in large.rows} - {row.name for row in with_few_arms(large).rows}
    assert {"rate 20", "rate 29"} <= texts
    assert not hidden & texts
    assert f"Shown: {MAX_ARMS} of {COUNT} arms" in figure.caption(large)


def tables_of_verdicts(page: Page) -> list[Table]:
    return [block for block in document(page).sections[0].blocks if isinstance(block, Table)]


def test_the_tables_have_every_arm(large: Page) -> None:
    assert [len(table.rows) for table in tables_of_verdicts(large)] == [COUNT]


def test_no_table_of_verdicts_has_more_columns_than_a_page_is_wide(large: Page) -> None:
    assert all(len(table.head) <= 11 for table in tables_of_verdicts(large))


def wide_grid(levels: int) -> Design:
    return fabricated.grid_study(vary={"model.width": [16, 32], "model.depth": [*range(1, levels + 1)]})


def test_a_long_axis_is_thinned_evenly_with_its_ends() -> None:
    study = wide_grid(45)
    page = build(study, fabricated.fabricate(study, fabricated.grid_score))
    shown = with_few_levels(page).grid
    assert page.grid
    assert shown
    ((few,), (every,)) = shown.maps, page.grid.maps
    assert few.columns == (1, 5, 9, 13, 17, 21, 25, 29, 33, 37, 41, 45)
    assert few.rows == every.rows
    places = [every.columns.index(level) for level in few.columns]
    np.testing.assert_array_equal(few.means, every.means[:, places])
    cells = next(figure for figure in FIGURES if figure.name == "cells")
    assert f"Shown: {MAX_LEVELS} of 45 levels of depth." in cells.caption(page)


def test_a_short_axis_is_shown_whole() -> None:
    study = wide_grid(MAX_LEVELS)
    page = build(study, fabricated.fabricate(study, fabricated.grid_score))
    shown = with_few_levels(page).grid
    assert page.grid
    assert shown
    assert shown.maps[0].columns == page.grid.maps[0].columns
    assert all("Shown" not in figure.caption(page) for figure in FIGURES)
