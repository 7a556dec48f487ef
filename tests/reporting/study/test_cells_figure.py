"""The heat maps of a grid's cells."""

from xml.etree import ElementTree

import numpy as np

from ablate.reporting.markup.figures import draw_all
from ablate.reporting.study.data import Data
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.figures.grid import cell_text, ink
from ablate.reporting.study.model import Page, build
from ablate.studies.planning import Design
from tests.helpers import fabricated


def test_a_cell_shows_its_mean_and_its_own_spread(page: Page) -> None:
    assert page.grid is not None
    (heat,) = page.grid.maps
    scores = page.scores["width=16, depth=1"]
    assert cell_text(page, heat, 0, 0) == f"{scores.mean():.2f}\n± {scores.std():.2f}"  # their errors: 0.29 and 0.23


def test_a_grids_means_are_the_verdict_tables_where_a_run_is_missing(page: Page) -> None:
    assert page.missing_runs
    assert page.grid is not None
    (heat,) = page.grid.maps
    np.testing.assert_allclose(heat.means.ravel(), [row.level.mean for row in page.rows])


def test_cells_without_any_run_are_drawn_empty() -> None:
    made = fabricated.fabricate(
        fabricated.GRID, lambda cell: None if cell.arm.overrides["model.depth"] == 4 else 30.0 + cell.seed
    )
    page = build(fabricated.GRID, made)
    assert page.grid is not None
    assert cell_text(page, page.grid.maps[0], 0, 1) == "–\n± –"
    assert {"cells", "interactions"} <= set(draw_all(FIGURES, page))


def cells_texts(study: Design, made: Data) -> set[str]:
    """What is written in the heat maps."""
    figure = ElementTree.fromstring(draw_all(FIGURES, build(study, made))["cells"])
    return {(element.text or "").strip() for element in figure.iter() if element.tag.endswith("text")}


def test_levels_and_axes_have_the_names_that_arms_have() -> None:
    vary = {"model.final_norm": [True, False], "training.weight_decay": [None, 0.1], "model.depth": [1, 2]}
    study = fabricated.grid_study(vary=vary, reference={"model.final_norm": True}, seeds=2)
    made = fabricated.fabricate(study, lambda cell: 30.0 + cell.seed)
    assert {"true", "false", "null", "0.1", "final_norm", "weight_decay", "depth"} <= cells_texts(study, made)


def test_axes_that_end_alike_have_distinct_names() -> None:
    vary = {"data.filled.density": [0.1, 0.2], "data.noisy.density": [0.1, 0.2]}
    study = fabricated.grid_study(vary=vary, reference={"data.filled.density": 0.1}, seeds=2, metric="test/gain")
    made = fabricated.fabricate(study, lambda cell: 30.0 + cell.seed)
    assert {"filled.density", "noisy.density"} <= cells_texts(study, made)


def test_a_number_can_be_read_on_its_cell() -> None:
    assert [ink(ground) for ground in ((1, 1, 1, 1), (0, 0, 0.3, 1), (0, 0, 0, 0))] == ["black", "white", "black"]
