"""Names and numbers in figures are complete, legible and do not collide."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.style import row_places, wrap_name
from ablate.reporting.study.content import document
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import build
from ablate.studies.planning import Cell, Design
from tests.helpers import fabricated
from tests.helpers.drawings import collisions, visible_texts

GRID = fabricated.grid_study()


@given(st.lists(st.text("ab ", min_size=1, max_size=100), min_size=1, max_size=20))
def test_every_row_has_room_for_its_name(names: list[str]) -> None:
    *middles, end = row_places(names)
    lines = [wrap_name(name).count("\n") + 1 for name in names]
    tops = [0.0]
    for middle in middles:
        tops.append(2 * middle - tops[-1])
    assert tops[-1] == pytest.approx(end)
    assert all(b - a >= 0.16 * count for a, b, count in zip(tops, tops[1:], lines, strict=False))


def test_a_name_without_blanks_is_broken_too() -> None:
    assert max(map(len, wrap_name("x" * 60).split("\n"))) == 26


def test_a_long_word_is_broken_after_a_sign() -> None:
    assert wrap_name("unbroken_name_of_many_letters", 22).split("\n") == ["unbroken_name_of_many_", "letters"]


@given(st.text("ab _=.,", min_size=1, max_size=100), st.integers(5, 40))
def test_wrapping_keeps_every_letter_of_a_name(name: str, width: int) -> None:
    wrapped = wrap_name(name, width)
    assert wrapped.replace("\n", "").replace(" ", "") == name.replace(" ", "")
    assert all(len(line) <= width for line in wrapped.split("\n"))


def long_names() -> Design:
    """A study with names of 20 letters and one longer word, and looks."""
    names = [*(f"an arm of 20 letter {index}" for index in range(7)), "a_name_of_many_letters_without_a_single_blank"]
    arms = {name: {"training.rate": 0.001 * (index + 1), "model.depth": index + 1} for index, name in enumerate(names)}
    return fabricated.named_study(4, arms=arms, reference=names[0], seeds={"from": 3, "to": 8})


def crowded_grid() -> Design:
    """A grid with many levels, and with levels of long names."""
    vary = {"model.width": [16, 64, 256, 1024], "model.decoder": ["transposed", "pixelshuffle", "bilinear", "linear"]}
    vary |= {"training.schedule": ["constant", "cosine"]}
    return fabricated.grid_study(vary=vary, reference={"training.schedule": "cosine"}, seeds=2)


def rate_score(cell: Cell) -> float:
    return 30 - 100 * cell.arm.settings.training.rate + 0.3 * cell.seed


@pytest.mark.parametrize("study", [long_names(), crowded_grid(), GRID], ids=["long names", "crowded grid", "grid"])
def test_no_two_texts_of_a_figure_collide(study: Design) -> None:
    page = build(study, fabricated.fabricate(study, fabricated.grid_score if study is GRID else rate_score))
    figures = {figure.name: figure.draw(page) for figure in FIGURES}
    assert {name: collisions(figure) for name, figure in figures.items() if figure and collisions(figure)} == {}


def test_names_are_complete_in_every_figure_that_has_a_row_or_a_panel_per_arm() -> None:
    study = long_names()
    page = build(study, fabricated.fabricate(study, rate_score))
    for figure in FIGURES:
        drawing = figure.draw(page)
        if drawing is not None:
            shown = {text.get_text().replace("\n", "").replace(" ", "") for text in visible_texts(drawing)}
            names = {row.name.replace(" ", "") for row in page.rows if row.comparison}
            assert names <= shown, figure.name


def test_arms_can_have_the_names_of_what_tables_and_functions_use() -> None:
    names = ["self", "kind", "index", "columns", "arm", "seed", "name"]
    arms = {name: {"training.rate": 0.01 * (place + 1)} for place, name in enumerate(names)}
    study = fabricated.named_study(arms=arms, reference="self")
    page = build(study, fabricated.fabricate(study, rate_score))
    text = markdown(document(page))
    assert all(f"| {name} | **worse** |" in text for name in names[1:])
    assert list(headlines(page)["arms"]) == names
    assert {"differences", "seeds", "curves"} <= {figure.name for figure in FIGURES if figure.draw(page)}


def test_no_axis_has_an_offset_or_a_factor() -> None:
    study = fabricated.grid_study(metric="test/mse", margin=0.0001)
    made = fabricated.fabricate(study, lambda cell: 60 + 0.01 * cell.seed)  # an MSE of a millionth
    for figure in FIGURES:
        drawing = figure.draw(build(study, made))
        if drawing is not None:
            visible_texts(drawing)
            offsets = [axis.get_offset_text().get_text() for axes in drawing.axes for axis in (axes.xaxis, axes.yaxis)]
            assert not any(offsets), figure.name
