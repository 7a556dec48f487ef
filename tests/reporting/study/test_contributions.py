"""What a page says about the components of a grid in which each axis is on or off."""

import numpy as np
import pytest

from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.style import THICK, THIN
from ablate.reporting.study.content import document
from ablate.reporting.study.figures.contributions import contribution_bars, contributions_figure
from ablate.reporting.study.model import Page, build
from ablate.studies.planning import Cell, Design
from ablate.studies.study import Study
from tests.helpers import fabricated
from tests.helpers.drawings import collisions, intervals, visible_texts

FACTS = {
    "name": "parts",
    "question": "What does each part earn?",
    "vary": {"model.skip": ["both", "none"], "model.final_norm": [True, False], "model.position": ["learned", "none"]},
    "reference": {"model.skip": "both", "model.final_norm": True, "model.position": "learned"},
    "seeds": 5,
    "margin": 0.25,
}
STUDY = Design.of(Study.model_validate(FACTS))


def score(cell: Cell) -> float:
    """Skips earn 5 dB, positions 1 dB, and the final norm nothing."""
    model = cell.arm.settings.model
    noise = np.random.default_rng([cell.seed, len(cell.arm.name)]).normal(0, 0.02)
    return 22 + 5 * (model.skip == "both") + (model.position == "learned") + 0.5 * cell.seed + float(noise)


@pytest.fixture(scope="module")
def page() -> Page:
    return build(STUDY, fabricated.fabricate(STUDY, score))


def test_a_page_says_which_components_contribute_what(page: Page) -> None:
    bars = {bar.name: (round(bar.mean, 1), bar.verdict) for bar in contribution_bars(page)}
    assert bars == {
        "skip=both": (5.0, "helps"),
        "final_norm=true": (0.0, "hardly matters"),
        "position=learned": (1.0, "helps"),
    }


def test_the_contributions_add_up_to_the_difference_that_the_verdicts_show(page: Page) -> None:
    (difference,) = (
        c.difference for row, c in page.compared_arms if row.name.count("none") == 2 and "false" in row.name
    )
    assert sum(bar.mean for bar in contribution_bars(page)) == pytest.approx(-difference)


def test_the_table_has_the_share_of_the_total(page: Page) -> None:
    rows = [line for line in markdown(document(page)).splitlines() if line.startswith("| skip=both | skip=none |")]
    assert [cell.strip() for cell in rows[-1].split("|")][3:6] == ["**helps**", "84%", "+5.00"]


def test_the_figure_names_every_component_and_its_verdict(page: Page) -> None:
    figure = contributions_figure(page)
    assert figure is not None
    assert {"skip=both", "helps", "hardly matters"} <= {text.get_text() for text in visible_texts(figure)}
    assert collisions(figure) == []


def test_a_contribution_shows_a_thick_inner_interval_within_a_thin_outer_one(page: Page) -> None:
    figure = contributions_figure(page)
    assert figure is not None
    assert page.grid
    ends, found = intervals(figure.axes[0]), [item.comparison for item in page.grid.contributions]
    assert ends[THIN] == [(c.low, c.high) for c in found]
    assert ends[THICK] == [(c.inner_low, c.inner_high) for c in found]


def test_without_a_reference_on_every_axis_there_are_no_contributions_and_the_page_says_why() -> None:
    study = Design.of(Study.model_validate(FACTS | {"reference": {"model.skip": "both"}}))
    page = build(study, fabricated.fabricate(study, score))
    text = markdown(document(page))
    assert contribution_bars(page) == []
    assert "does not say which value of model.final\\_norm and model.position counts as on" in text


def test_a_grid_with_other_axes_has_no_contributions() -> None:
    study = fabricated.grid_study()
    page = build(study, fabricated.fabricate(study, fabricated.grid_score))
    assert contribution_bars(page) == []
    assert contributions_figure(page) is None
