"""The effects over all studies, and their figure."""

import math

import pytest

from ablate.metrics import METRICS
from ablate.reporting.effects import MAX_EFFECTS, Effect, effect_limits, effects, effects_figure, measure_of
from ablate.reporting.index import index
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.style import THICK, THIN
from ablate.reporting.study.headlines import headlines
from ablate.reporting.study.model import Page, build
from tests.helpers import fabricated
from tests.helpers.drawings import collisions, intervals

GRID = fabricated.grid_study()


@pytest.fixture(scope="module")
def page() -> Page:
    return build(GRID, fabricated.fabricate(GRID, fabricated.grid_score))


def test_the_largest_effect_of_all_studies_comes_first(page: Page) -> None:
    study = fabricated.named_study(5)
    other = build(study, fabricated.fabricate(study, fabricated.named_score))
    ((metric, found),) = effects({"grid": headlines(page), "named": headlines(other)}).items()
    assert metric.name == "test/psnr"
    sizes = [abs(effect.difference) for effect in found]
    assert sizes == sorted(sizes, reverse=True)
    assert len(found) == len(page.compared_arms) + 4


def test_a_large_study_shows_its_largest_effects_and_does_not_push_out_another_one(page: Page) -> None:
    study = fabricated.named_study(MAX_EFFECTS + 10)
    large = headlines(build(study, fabricated.fabricate(study, fabricated.named_score)))
    (found,) = effects({"grid": headlines(page), "named": large}).values()
    shown = [effect.arm for effect in found if effect.study == "named"]
    sizes = {name: abs(arm["decibels"]["difference"]) for name, arm in large["arms"].items() if "decibels" in arm}
    assert shown == sorted(sizes, key=lambda name: -sizes[name])[:MAX_EFFECTS]
    assert len(found) == MAX_EFFECTS + len(page.compared_arms)
    text = markdown(index({"grid": headlines(page), "named": large}, {}))
    assert f'Only the {MAX_EFFECTS} largest effects of "named" are shown' in text


def test_effects_of_different_metrics_have_panels_of_their_own(page: Page) -> None:
    by_gain = fabricated.named_study(5, metric="test/gain")
    gains = headlines(build(by_gain, fabricated.fabricate(by_gain, fabricated.named_score)))
    found = effects({"gains": gains, "grid": headlines(page)})
    assert [metric.name for metric in found] == ["test/psnr", "test/gain"]
    assert {effect.study for effect in found[METRICS["test/gain"]]} == {"gains"}
    figure = effects_figure(found)
    assert figure is not None
    assert [axes.get_xlabel() for axes in figure.axes] == [
        "difference in test/psnr (dB); right is better",
        "difference in test/gain (dB); right is better",
    ]
    assert collisions(figure) == []


@pytest.mark.parametrize(
    ("judged", "measured"),
    [("test/mse", "test/psnr"), ("last/ssim", "last/psnr"), ("last/gain", "last/gain"), ("test/psnr", "test/psnr")],
)
def test_effects_are_measured_in_decibels_of_what_compares(judged: str, measured: str) -> None:
    assert measure_of(METRICS[judged]).name == measured


def psnr_effects(page: Page) -> list[Effect]:
    """The effects of one study that are measured by the PSNR."""
    return effects({"study": headlines(page)})[METRICS["test/psnr"]]


def test_effects_are_in_decibels_whatever_metric_decides() -> None:
    by_error = fabricated.grid_study(metric="test/mse", margin=0.0001)
    found = [
        {(effect.arm, round(effect.difference, 6)) for effect in psnr_effects(build(study, made))}
        for study, made in ((s, fabricated.fabricate(s, fabricated.grid_score)) for s in (GRID, by_error))
    ]
    assert found[0] == found[1]


def test_an_effect_of_one_seed_has_no_interval() -> None:
    study = fabricated.grid_study(seeds=1)
    found = psnr_effects(build(study, fabricated.fabricate(study, lambda cell: 30.0)))
    assert {effect.interval for effect in found} == {None}
    assert isinstance(found[0], Effect)


def test_an_effect_shows_a_thick_inner_interval_within_a_thin_outer_one(page: Page) -> None:
    figure = effects_figure(effects({"grid": headlines(page)}))
    assert figure is not None
    ends = intervals(figure.axes[0])
    assert len(ends[THIN]) == len(ends[THICK]) == len(page.compared_arms)
    for (low, high), (inner_low, inner_high) in zip(ends[THIN], ends[THICK], strict=True):
        assert low < inner_low < inner_high < high


def test_reports_of_older_versions_have_no_inner_intervals(page: Page) -> None:
    facts = headlines(page)
    for arm in facts["arms"].values():
        arm.get("decibels", {}).pop("inner_low", None)
    (found,) = effects({"grid": facts}).values()
    assert {effect.inner for effect in found} == {None}
    assert effects_figure({METRICS["test/psnr"]: found}) is not None


def test_an_effect_with_bad_runs_does_not_hide_the_others(page: Page) -> None:
    found = psnr_effects(page)
    low, high = effect_limits(found)
    assert [(effect.arm, effect.bad_runs, effect.runs) for effect in found if effect.bad_runs] == [
        ("width=16, depth=8", 2, 10)
    ]
    assert all(low < end < high for effect in found if not effect.bad_runs for end in effect.ends)
    assert high - low < 10


def test_an_effect_counts_the_bad_runs_of_its_reference_too() -> None:
    diverged = fabricated.fabricate(
        GRID, lambda cell: math.nan if (cell.arm.name, cell.seed) == ("width=16, depth=12", 0) else 30.0 + cell.seed
    )
    marked = [effect.arm for effect in psnr_effects(build(GRID, diverged)) if effect.bad_runs]
    assert sorted(marked) == ["width=16, depth=1", "width=16, depth=4", "width=16, depth=8"]


def test_the_figure_marks_effects_with_bad_runs(page: Page) -> None:
    figure = effects_figure(effects({"grid": headlines(page)}))
    assert figure is not None
    labels = [label.get_text().replace("\n", " ") for label in figure.axes[0].get_yticklabels()]
    assert [label for label in labels if "bad" in label] == ["grid: width=16, depth=8 (bad runs)"]


def test_without_effects_there_is_no_figure() -> None:
    assert effects_figure({}) is None
