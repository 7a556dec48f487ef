"""What the figures show, and that each can be drawn from any data."""

import math
import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.reporting.markup.figures import draw_all
from ablate.reporting.markup.scales import round_ticks
from ablate.reporting.study.content import document
from ablate.reporting.study.data import Data
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.figures.cost import cost_figure, cost_panels
from ablate.reporting.study.figures.curves import curve_limits, learning_curves
from ablate.reporting.study.figures.differences import difference_bars, difference_limits
from ablate.reporting.study.figures.seeds import seed_rows
from ablate.reporting.study.figures.styles import arm_styles
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.sections import SectionTitle
from tests.helpers import fabricated
from tests.helpers.drawings import visible_texts


@pytest.fixture(scope="module")
def drawn(page: Page, data: Data) -> dict[str, str]:
    return draw_all(FIGURES, page)


def test_every_figure_of_a_grid_is_drawn(drawn: dict[str, str]) -> None:
    assert set(drawn) == {"differences", "cells", "interactions", "seeds", "curves", "cost", "samples"}


def test_figures_can_share_a_page(drawn: dict[str, str]) -> None:
    ids = [name for figure in drawn.values() for name in re.findall(r'\bid="([^"]+)"', figure)]
    referred = {name for figure in drawn.values() for name in re.findall(r'(?:url\(|href=")#([^")]+)', figure)}
    assert len(ids) == len(set(ids))
    assert referred <= set(ids)


def test_figures_have_no_metadata_of_the_machine_that_drew_them(drawn: dict[str, str]) -> None:
    for figure in drawn.values():
        assert {element.tag.split("}")[1] for element in ElementTree.fromstring(figure).iter()}.isdisjoint({"metadata"})


def test_names_that_look_like_formulas_or_markup_are_drawn_as_they_are() -> None:
    study = fabricated.named_study(4)
    made = fabricated.fabricate(study, fabricated.named_score)
    figure = draw_all(FIGURES, build(study, made))["differences"]
    texts = [element.text or "" for element in ElementTree.fromstring(figure).iter() if element.tag.endswith("text")]
    assert " ".join(fabricated.LONG[1].split()) in " ".join(texts)


def test_where_no_run_has_ended_no_figure_is_drawn() -> None:
    made = fabricated.fabricate(fabricated.GRID, lambda cell: 30.0)
    runs = made.runs.assign(status="failed")
    runs[[name for name in map(str, runs) if "/" in name and not name.startswith("env/")]] = math.nan
    empty = Data(runs, pd.DataFrame(columns=["arm", "seed", "run", "epoch"]), {})
    assert draw_all(FIGURES, build(fabricated.GRID, empty)) == {}


# styles


def test_references_are_black_and_no_two_arms_look_alike() -> None:
    study = fabricated.named_study(20)
    styles = arm_styles(build(study, fabricated.fabricate(study, fabricated.named_score)))
    assert styles[fabricated.LONG[0]].colour == "black"
    assert len(set(styles.values())) == 20


# differences


def test_the_differences_are_those_of_the_seeds(page: Page) -> None:
    bar = next(bar for bar in difference_bars(page) if bar.arm == "width=32, depth=8")
    assert bar.seeds == pytest.approx((page.scores["width=32, depth=8"] - page.scores["width=32, depth=12"]).tolist())
    assert bar.mean == pytest.approx(np.mean(bar.seeds))


def test_up_is_good_for_an_error_too() -> None:
    study = fabricated.grid_study(metric="test/mse", margin=0.0001)
    bars = difference_bars(build(study, fabricated.fabricate(study, fabricated.grid_score)))
    assert next(bar for bar in bars if bar.arm == "width=64, depth=1").mean < 0


def test_an_arm_with_a_diverged_run_does_not_hide_the_others(page: Page) -> None:
    bars = difference_bars(page)
    low, high = difference_limits(bars, fabricated.GRID.study.margin)
    assert all(low < end < high for bar in bars if not bar.barred for end in bar.ends)
    assert any(end < low for bar in bars if bar.barred for end in bar.ends)


def test_the_margin_is_always_seen(page: Page) -> None:
    low, high = difference_limits(difference_bars(page), 100.0)
    assert low < -100 < 100 < high


# seeds, curves, cost


def test_every_run_that_ended_has_its_mark(page: Page) -> None:
    rows = {row.arm: row for row in seed_rows(page)}
    assert (len(rows["width=16, depth=8"].good_scores), rows["width=16, depth=8"].bad_scores) == (
        3,
        [fabricated.ZERO] * 2,
    )
    assert len(rows["width=64, depth=8"].good_scores) == 4


def curve(points: list[tuple[int, int, float]]) -> pd.DataFrame:
    return pd.DataFrame(points, columns=["seed", "epoch", "val/psnr"]).assign(arm="a")


def test_a_learning_curve_ends_where_its_first_run_diverged() -> None:
    curves = learning_curves(curve([(0, 1, 20.0), (0, 2, 22.0), (1, 1, 24.0)]))
    assert curves.epoch.tolist() == [1]


def test_learning_curves_are_the_mean_and_range_over_seeds() -> None:
    curves = learning_curves(curve([(0, 1, 20.0), (0, 2, 22.0), (1, 1, 24.0), (1, 2, 23.0)]))
    assert curves[["mean", "min", "max"]].to_numpy().tolist() == [[22, 20, 24], [22.5, 22, 23]]


def test_an_arm_with_a_run_that_was_recorded_without_the_metric_has_no_curve() -> None:
    points = curve([(0, 1, 20.0), (1, 1, 24.0)])
    assert len(learning_curves(points)) == 1
    assert learning_curves(points.assign(**{"val/psnr": [20.0, math.nan]})).empty
    assert learning_curves(points, "val/ssim").empty


def test_one_bad_epoch_does_not_flatten_the_curves() -> None:
    curves = learning_curves(curve([(0, epoch, 28.0 + epoch / 50) for epoch in range(1, 51)] + [(0, 51, -40.0)]))
    low, high = curve_limits(curves)
    assert low > 27
    assert high > 29


@pytest.mark.parametrize(
    ("metric", "followed"),
    [
        ("test/psnr", "val/psnr"),
        ("test/gain", "val/psnr"),
        ("last/mse", "val/mse"),
        ("test/ssim", "val/ssim"),
        ("last/mae", "val/mae"),
    ],
)
def test_the_curves_follow_the_studys_metric(metric: str, followed: str) -> None:
    study = fabricated.grid_study(metric=metric, margin=0.001)
    page = build(study, fabricated.fabricate(study, fabricated.grid_score))
    (curves,) = (figure for figure in FIGURES if figure.name == "curves")
    assert curves.caption(page).startswith(f"{followed}: the mean over the seeds")


def test_costs_in_which_arms_do_not_differ_have_no_panel(page: Page) -> None:
    study = fabricated.named_study(4)
    assert [panel.label for panel in cost_panels(page)] == ["parameters", "FLOPs per image", "training (s)"]
    assert cost_panels(build(study, fabricated.fabricate(study, fabricated.named_score))) == []


def test_a_cost_panel_shows_the_mean_and_the_standard_error_of_the_paired_difference(page: Page) -> None:
    point = cost_panels(page)[0].points[0]
    scores = page.scores["width=16, depth=1"]
    assert point.cost == 16000
    assert point.score == pytest.approx(scores.mean())
    assert point.error == pytest.approx((scores - page.scores["width=16, depth=12"]).sem())


@given(st.floats(1, 1e6), st.floats(10, 1e6))
def test_a_logarithmic_scale_has_a_few_round_ticks(low: float, ratio: float) -> None:
    ticks = round_ticks(low, low * ratio)
    assert 2 <= len(ticks) <= 4
    assert all(low <= tick <= low * ratio for tick in ticks)


@pytest.mark.parametrize(
    ("scale", "unit", "longest"), [(0.0005, "s", 0.5), (1.0, "s", 858.0), (5.0, "min", 71.5), (100.0, "h", 23.8)]
)
def test_an_axis_of_training_times_has_plain_numbers_in_a_unit_that_suits(
    data: Data, scale: float, unit: str, longest: float
) -> None:
    runs = data.runs.assign(**{"cost/train_seconds": scale * data.runs["cost/train_seconds"]})
    page = build(fabricated.GRID, replace(data, runs=runs))
    panel = cost_panels(page)[-1]
    assert panel.label == f"training ({unit})"
    assert max(point.cost for point in panel.points) == pytest.approx(longest, rel=0.15)
    figure = cost_figure(page)
    assert figure is not None
    labels = [label.get_text() for label in visible_texts(figure) if label in figure.axes[-1].get_xticklabels()]
    assert all(re.fullmatch(r"[\d.]+", label) for label in labels)
    assert len(labels) >= 2


# what belongs to a figure


def test_every_figure_has_its_own_name_and_a_section_of_the_page() -> None:
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)
    assert {figure.section for figure in FIGURES} <= set(SectionTitle)


def test_a_figure_is_in_the_section_of_its_title(page: Page) -> None:
    sections = {section.title: section for section in document(page).sections}
    for figure in FIGURES:
        if figure.section in sections:
            assert figure.picture(page) in sections[figure.section].blocks
            assert figure.caption(page)
            assert figure.alternative(page)
