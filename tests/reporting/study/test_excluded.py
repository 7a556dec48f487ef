"""What undecided arms exclude, and what would decide them."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ablate.reporting.study.answer import answer
from ablate.reporting.study.data import Data
from ablate.reporting.study.excluded import bound_text, what_would_decide
from ablate.reporting.study.model import Page, build
from ablate.statistics.power import POWER, power
from tests.helpers.heads_study import data, row, study

SEEDS = 6


def two_heads(sd: float, **changes: object) -> Page:
    """Two values of one axis beside the reference, whose differences are zero but vary by so much."""
    design = study(**({"vary": {"model.heads": [4, 2, 8]}, "seeds": SEEDS} | changes))
    noise = np.array([-1, 1] * SEEDS)[: len(design.seeds)]
    spreads = {"heads=4": 0.0, "heads=2": sd, "heads=8": 0.8 * sd}
    rows = [
        row(design, arm.name, seed, 30 + spreads[arm.name] * float(noise[seed]))
        for arm in design.arms
        for seed in design.seeds
    ]
    return build(design, Data(pd.DataFrame(rows), pd.DataFrame(columns=["arm", "epoch"]), {}))


@given(st.floats(1e-6, 1e3))
def test_a_bound_is_rounded_up_and_by_little(bound: float) -> None:
    shown = float(bound_text(bound).replace(",", ""))
    assert bound < shown <= 1.11 * bound or (bound >= 100 and shown <= bound + 1)


def test_an_axis_of_undecided_values_has_one_bound_that_covers_all_smallest_margins() -> None:
    page = two_heads(0.5)
    margins = [comparison.smallest_margin for _, comparison in page.compared_arms]
    shown = bound_text(max(margins))
    assert f"no other value of heads changes test/psnr by more than {shown} dB, with 95% confidence" in answer(page)
    assert f"At a margin of {shown} dB, all of them would be equivalent" in answer(page)
    wider = two_heads(0.5, margin=float(shown))
    assert {comparison.verdict for _, comparison in wider.compared_arms} == {"equivalent"}


def test_the_seeds_that_would_decide_have_the_power_at_the_high_end_of_the_sd() -> None:
    page = two_heads(0.24)
    text = what_would_decide(page)
    assert text is not None
    seeds = int(text.split("about ")[1].split()[0])
    highs = [row.seeds_needed.if_zero.high for row, _ in page.compared_arms if row.seeds_needed]
    assert seeds == max(highs)
    measured = max(comparison.sd for _, comparison in page.compared_arms)
    level = page.design.family.level
    assert power(0.0, measured, seeds, margin=0.25, level=level) > POWER  # more than enough for the measured sd


def test_many_seeds_are_not_promised_to_be_enough() -> None:
    assert "may need more than 50 seeds to decide all of them" in answer(two_heads(2.0))


def test_a_single_seed_excludes_nothing() -> None:
    page = two_heads(0.5, seeds=1)
    assert "all 2 other arms" not in answer(page)
    assert "undecided after 1 seed (no size of effect is excluded)" in answer(page)
    assert what_would_decide(page) is None


def test_an_arm_with_a_diverged_run_has_no_bound_and_the_others_keep_theirs() -> None:
    made = data(study())
    first = (made.runs.arm == "heads=1") & (made.runs.seed == 0)
    made.runs.loc[first, "status"] = "diverged"
    made.runs.loc[first, "test/psnr"] = 17.3
    text = answer(build(study(), made))
    assert "heads=1 is undecided after 4 seeds (a bad run, so no size of effect is excluded)" in text
    assert "heads=16 changes test/psnr by " in text
    assert "would be equivalent" not in text


def test_after_an_earlier_look_no_confidence_is_promised() -> None:
    made = data(study())
    looked = Data(made.runs, made.epochs, made.scenes, looks=[(0, 1)])
    text = answer(build(study(), looked))
    assert "95% confidence" not in text
    assert "with a confidence that earlier looks have lowered" in text


def test_a_decided_study_needs_nothing_more() -> None:
    page = two_heads(0.01)
    assert what_would_decide(page) is None
    assert "changes" not in answer(page)


@pytest.mark.parametrize("bound", [0.0, 0.005])
def test_tiny_bounds_have_a_text(bound: float) -> None:
    assert bound_text(bound) in ("0.01", "0.0051")
    assert math.isfinite(float(bound_text(bound)))
