"""Reference points on a page: listed where all arms have the same task, and the answer names arms that lose."""

from dataclasses import replace

import pytest

from ablate.data.references import Reference
from ablate.reporting.markup.rendering import markdown
from ablate.reporting.markup.words import quote_name
from ablate.reporting.study.answer import answer
from ablate.reporting.study.content import document
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.references import losing_sentences
from tests.helpers.fabricated import NOTHING, fabricate, named_score, named_study


def page_with(**psnrs: float) -> Page:
    """A page of arms with PSNRs around 30 dB and these reference points."""
    design = named_study(4)
    points = {name: Reference({"size": 3}, 10 ** (-value / 10)) for name, value in psnrs.items()}
    references = {arm.name: points for arm in design.arms}
    return build(design, replace(fabricate(design, named_score), references=references))


@pytest.mark.parametrize(("median", "loses"), [(99.0, True), (21.0, False)])
def test_an_arm_that_loses_to_a_median_filter_is_named_in_the_answer(median: float, loses: bool) -> None:
    assert (f"A median filter ({median:.2f} dB) has a higher PSNR than" in answer(page_with(median=median))) == loses


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
    assert "| median filter | 24.40 | +3.00 | size 3 |" in text
    assert "| total variation | 26.00 | +4.60 |" in text


def test_data_without_points_have_no_table() -> None:
    design = named_study(4)
    assert "Reference points" not in markdown(document(build(design, fabricate(design, named_score))))
