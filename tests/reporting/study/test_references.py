"""Reference points on a page: listed where all arms have the same task, and the answer names arms that lose."""

from dataclasses import replace

import pytest

from ablate.data.references import Reference
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.words import quote_name
from ablate.reporting.study.answer import answer
from ablate.reporting.study.content import document
from ablate.reporting.study.figures.seeds import FIGURE, seeds_figure, shown_lines
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.references import lines, losing_sentences
from tests.helpers.fabricated import NOTHING, fabricate, named_score, named_study


def page_with(metric: str = "test/psnr", **psnrs: float) -> Page:
    """A page of arms with PSNRs around 30 dB and these reference points."""
    design = named_study(4, metric=metric)
    points = {name: Reference({"size": 3}, 10 ** (-value / 10)) for name, value in psnrs.items()}
    references = {arm.name: points for arm in design.arms}
    return build(design, replace(fabricate(design, named_score), references=references))


ALL = "A median filter ({:.2f} dB) has a higher PSNR than all 4 arms."


@pytest.mark.parametrize(("median", "loses"), [(99.0, True), (21.0, False)])
def test_that_all_arms_lose_to_a_median_filter_is_in_the_answer(median: float, loses: bool) -> None:
    assert (ALL.format(median) in answer(page_with(median=median))) == loses


def test_an_arm_loses_to_a_median_filter_by_its_interval_not_by_its_mean() -> None:
    rows = {row.name: row.level for row in page_with().rows}
    worst, level = min(rows.items(), key=lambda item: item[1].gain)
    for gain, begins in (
        (level.gain_high + 0.001, "A median filter"),
        ((level.gain + level.gain_high) / 2, "It is not certain"),
        (level.gain - 0.001, None),
    ):
        sentences = list(losing_sentences(page_with(median=NOTHING + gain)))
        found = [sentence for sentence in sentences if quote_name(worst) in sentence]
        assert [sentence.startswith(begins) for sentence in found if begins] == ([True] if begins else [])
        assert begins or not found


def test_points_are_listed_with_their_gain_over_doing_nothing_and_their_parameters() -> None:
    text = markdown(document(page_with(median=24.4, tv=26.0)))
    assert "| doing nothing | 21.40 | 0.00 |  |" in text
    assert "| predicting zero | 17.30 | −4.10 |  |" in text
    assert "| median filter | 24.40 | +3.00 | size 3 |" in text
    assert "| total variation | 26.00 | +4.60 |" in text


@pytest.mark.parametrize(("metric", "median"), [("test/psnr", 30.1), ("test/gain", 8.7), ("test/mse", 10**-3.01)])
def test_points_are_lines_in_the_figure_of_scores_in_the_unit_of_the_metric(metric: str, median: float) -> None:
    page = page_with(metric=metric, median=30.1, tv=99.0)
    assert lines(page)["median filter"] == pytest.approx(median, abs=1e-6)
    assert [*shown_lines(page)] == ["median filter"]
    figure = seeds_figure(page)
    assert figure is not None
    drawn = {str(line.get_label()): line.get_xdata() for line in figure.axes[0].lines}
    assert drawn["median filter"] == pytest.approx([median, median], abs=1e-6)
    assert "total variation" not in drawn
    assert "Beyond the scale: doing nothing" in FIGURE.caption(page)
    assert "total variation" in FIGURE.caption(page)


def test_a_metric_in_which_points_are_not_computed_has_no_lines() -> None:
    assert lines(page_with(metric="test/ssim", median=30.1)) == {}


def test_data_without_points_have_no_table() -> None:
    design = named_study(4)
    assert "Reference points" not in markdown(document(build(design, fabricate(design, named_score))))
