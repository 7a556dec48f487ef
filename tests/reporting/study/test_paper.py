"""The table marks verdicts, and each sentence about the methods holds for the study that it is about."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from typing import Any

import pytest

from ablate.reporting.markup.latex import latex_text
from ablate.reporting.study.data import read
from ablate.reporting.study.model import Page, build
from ablate.reporting.study.paper import MARKS, latex, methods_text
from ablate.reporting.study.texts import comparison_texts
from ablate.strategies.choices import tuned
from ablate.studies.loading import load_study
from ablate.studies.planning import Cell
from tests.helpers import fabricated
from tests.helpers.committed import ROOT

SCORES = {0.001: 30.0, 0.002: 29.0, 0.003: 30.01}


def steady(cell: Cell) -> float:
    """The second arm is 1 dB worse, the third the same."""
    rate: float = cell.arm.overrides["training.rate"]
    return SCORES[rate] + 0.3 * cell.seed + 0.01 * ((cell.seed * round(1000 * rate)) % 3)


def page_of(score: Any = steady, looks: list[tuple[int, ...]] | None = None, **changes: Any) -> Page:
    arms = {f"rate {rate}": {"training.rate": rate} for rate in SCORES}
    study = fabricated.named_study(**({"arms": arms, "reference": "rate 0.001", "seeds": [0, 1, 2, 3, 4]} | changes))
    data = fabricated.fabricate(study, score)
    return build(study, replace(data, looks=looks or []))


def test_arms_are_marked_by_their_verdicts_and_not_by_their_rank(page: Page) -> None:
    for shown in (page, page_of()):
        rows = re.findall(r"^    (.*?) & .* & (.*?) & (.*?) \\\\$", latex(shown), flags=re.MULTILINE)[1:]
        assert len(rows) == len(shown.rows)
        for row, (name, interval, mark) in zip(shown.rows, rows, strict=True):
            assert name == latex_text(row.name)
            assert mark == (MARKS[row.comparison.verdict] if row.comparison else "reference")
            if row.comparison:
                texts = comparison_texts(row.comparison, shown.metric, shown.design.margin)
                expected = texts.inner if row.comparison.verdict == "equivalent" else texts.interval
                assert interval == latex_text(expected)
    assert r"\textbf" not in latex(page)


def test_the_caption_explains_the_marks_that_the_table_has() -> None:
    (caption,) = re.findall(r"\\caption\{(.*)\}", latex(page_of()))
    assert r"$\downarrow$ worse; $\approx$ equivalent within $\pm$0.25 dB" in caption
    assert "undecided" not in caption


ALWAYS = ("2 arms were compared", "the same 5 seeds (0 to 4), a number fixed in advance", "shared over 2 comparisons")
SOMETIMES = {
    "looks": "Looks at the results were planned at 3 and 5 of 5 seeds",
    "spent": "spent over the looks",
    "changed": "changed after a first report",
    "missing": "missing, and the comparisons that need",
    "allowed": "could lack a run",
    "diverged": "diverged and counted as predicting zero",
    "useless": "scored below a constant prediction",
    "skewed": "The differences are skewed",
    "tuned": "was first tuned",
}


def sentences_of(page: Page) -> set[str]:
    return {name for name, text in SOMETIMES.items() if text in methods_text(page)}


def without(*lost: int, value: float | None = None) -> Any:
    return lambda cell: value if cell.seed in lost and cell.arm.name == "rate 0.002" else steady(cell)


def test_the_methods_of_a_plain_study_name_nothing_that_it_does_not_have() -> None:
    page = page_of()
    assert sentences_of(page) == set()
    assert [text for text in ALWAYS if text not in methods_text(page)] == []
    assert methods_text(page).endswith("with ablate 0.1.0.")


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        (page_of(seeds={"looks": [3, 5]}), {"looks", "spent"}),
        (page_of(looks=[(0, 1, 2)]), {"changed"}),
        (page_of(without(4)), {"missing"}),
        (page_of(without(4), missing=1), {"allowed"}),
        (page_of(without(4, value=math.nan)), {"diverged"}),
        (page_of(without(4, value=fabricated.ZERO - 1)), {"useless"}),
        (page_of(without(4, value=20.0)), {"skewed"}),
    ],
    ids=["looks", "changed seeds", "missing", "missing allowed", "diverged", "learned nothing", "skewed"],
)
def test_the_methods_name_what_the_study_has(page: Page, expected: set[str]) -> None:
    assert sentences_of(page) == expected


def test_no_confidence_is_claimed_after_seeds_were_changed() -> None:
    text = methods_text(page_of(looks=[(0, 1, 2)]))
    assert "95% confidence" not in text
    assert "fixed in advance" not in text
    assert "95\\% confidence" not in latex(page_of(looks=[(0, 1, 2)]))


def test_a_single_comparison_shares_no_error_and_a_single_seed_has_no_interval() -> None:
    arms = {f"rate {rate}": {"training.rate": rate} for rate in (0.001, 0.002)}
    one = methods_text(page_of(arms=arms))
    assert "1 arm was compared" in one
    assert "Bonferroni" not in one
    assert "the verdict holds with 95% confidence" in one
    assert "interval of" not in methods_text(page_of(seeds=1))


def test_a_tuned_study_says_how_its_arms_were_tuned() -> None:
    folder = ROOT / "reports" / "skips_tuned"
    design = tuned(load_study(ROOT / "experiments" / "skips_tuned.yaml"), folder)
    page = build(design, read(design, folder))
    search = page.tuning[0].search
    assert f"tuned by {search.trials} trials of Optuna's sampler {search.sampler}" in methods_text(page)


def test_the_paragraph_cites_the_program() -> None:
    text = latex(page_of())
    assert text.endswith(r"ablate 0.1.0~\cite{ablate}.")
    assert "% @software{ablate, author = {{the ablate developers}}" in text
