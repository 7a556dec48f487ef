"""What a page says about the seeds before its verdicts."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from ablate.metrics import METRICS
from ablate.reporting.markup.document import paragraph
from ablate.reporting.study.content import document
from ablate.reporting.study.diagnostics import diagnose, diagnosis_texts
from ablate.reporting.study.model import build
from ablate.statistics.course import follow
from ablate.statistics.multiplicity import Family, Look
from ablate.statistics.scores import Scores
from tests.helpers.fabricated import fabricate, named_score, named_study

ARMS = ("same", "lucky", "reference")


def texts(change: dict[tuple[int, str], float], seeds: int = 12, sign: int = 1, *, bad: float = -math.inf) -> str:
    """The sentences on normal scores of three arms, with some of them changed; those below `bad` are of bad runs."""
    drawn = np.random.default_rng(4).normal(30, 0.2, (seeds, 3))
    for (seed, arm), difference in change.items():
        drawn[seed, ARMS.index(arm)] += difference
    values = pd.DataFrame(drawn, columns=list(ARMS))
    nothing = values.notna() & False
    scores = Scores(sign * values, values < bad, nothing, sign, margin=0.25, comparisons=2)
    against = {"same": "reference", "lucky": "reference"}
    course = follow(Family(tuple(against.items()), (Look(seeds),)), scores)
    return " ".join(diagnosis_texts(diagnose(course, scores, against), METRICS["test/psnr"]))


@pytest.mark.parametrize("sign", [1, -1])
def test_ordinary_seeds_are_called_ordinary(sign: int) -> None:
    assert texts({}, sign=sign).startswith("Nothing is unusual")


@pytest.mark.parametrize("sign", [1, -1])
def test_a_low_seed_is_named(sign: int) -> None:
    found = texts({(7, arm): -4 for arm in ARMS}, sign=sign)
    assert "Seed 7 is low" in found
    assert "decides" not in found


def test_several_low_seeds_are_named_together() -> None:
    found = texts({(seed, arm): -4 for arm in ARMS for seed in (2, 10)})
    assert "Seeds 2 and 10 are low" in found


def test_an_arm_whose_difference_rests_on_one_seed_is_named_with_the_difference_without_it() -> None:
    found = texts({(3, "lucky"): 6})
    without, mean = re.findall(r'without seed 3 the mean difference of "lucky" is (.*) dB instead of (.*) dB\.', found)[
        0
    ]
    assert abs(float(without.replace("−", "-"))) < 0.3
    assert float(mean) == pytest.approx(0.5, abs=0.3)
    assert re.search(r'skewed in "lucky" \(\+3\.\d\)', found)


@pytest.mark.parametrize("change", [{(3, "lucky"): -12}, {(3, arm): -12 for arm in ARMS}], ids=["one run", "a seed"])
def test_bad_runs_are_not_taken_for_what_seeds_are_like(change: dict[tuple[int, str], float]) -> None:
    ordinary, without_bad = texts(change), texts(change, bad=20)
    assert "Seed 3 is low" in ordinary or "One seed decides: without seed 3" in ordinary
    assert "seed 3" not in without_bad.lower()


def test_an_arm_with_bad_runs_only_has_no_diagnosis() -> None:
    assert texts({(seed, "lucky"): -12 for seed in range(12)}, bad=20).startswith("Nothing is unusual")


def test_fewer_than_five_seeds_say_that_they_are_too_few() -> None:
    assert texts({}, seeds=4).startswith("With fewer than 5 seeds")


def test_the_diagnosis_stands_before_the_table_of_verdicts() -> None:
    study = named_study(3, seeds=8)
    page = build(study, fabricate(study, named_score))
    first, *_ = document(page).sections[0].blocks
    assert first == paragraph(next(diagnosis_texts(page.diagnosis, page.metric)))
