"""What a study can expect to decide, compared with the exact power and with the course that real studies follow."""

import numpy as np
import pandas as pd
import pytest

from ablate.statistics.course import follow
from ablate.statistics.multiplicity import Family, Look, spend
from ablate.statistics.power import power
from ablate.statistics.prospects import _draw, follow_all, simulate
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison, compare

PAIRS = (("a", "reference"), ("b", "reference"))
MARGIN = 0.25


def measured(difference: float, sd: float) -> Comparison:
    """A comparison of two seeds with this mean and this standard deviation."""
    half = sd / np.sqrt(2)
    return compare([difference - half, difference + half], [0.0, 0.0], margin=MARGIN, comparisons=1)


@pytest.mark.parametrize(("truth", "sd"), [(0.0, 0.1), (0.5, 0.2), (1.0, 1.0)])
def test_one_look_settles_as_often_as_the_exact_power_says(truth: float, sd: float) -> None:
    family = Family(PAIRS, (Look(5),))
    found = simulate(family, [measured(truth, sd)], MARGIN)
    assert found.settled == pytest.approx(power(truth, sd, 5, margin=MARGIN, level=family.level).item(), abs=0.04)
    assert found.runs == 3 * 5


def test_clear_effects_stop_at_the_first_look() -> None:
    found = simulate(Family(PAIRS, spend((3, 5, 8, 12))), [measured(10.0, 0.1), measured(-10.0, 0.1)], MARGIN)
    assert (found.settled, found.runs) == (1.0, 3 * 3)
    assert found.per_run > simulate(Family(PAIRS, (Look(12),)), [measured(10.0, 0.1)], MARGIN).per_run


def test_a_reference_is_trained_as_long_as_any_of_its_arms() -> None:
    clear, hard = measured(10.0, 0.01), measured(0.25, 0.2)
    runs = [simulate(Family(PAIRS, spend((3, 12))), [one], MARGIN).runs for one in (clear, hard)]
    mixed = simulate(Family(PAIRS, spend((3, 12))), [clear, hard], MARGIN).runs
    assert sum(runs) / 2 < mixed < runs[1]  # half of the arms stop early, but a reference only if both do


def test_the_simulation_follows_the_course_of_real_studies() -> None:
    looks = spend((3, 5, 8, 12))
    family = Family(PAIRS, looks)
    differences = _draw(family, [measured(0.1, 0.2), measured(0.0, 0.5), measured(0.6, 0.3)])[:15]
    found = follow_all(looks, differences, MARGIN)
    for study, arms in enumerate(differences):
        values = pd.DataFrame({"a": arms[0], "b": arms[1], "reference": 0.0})
        no = values > np.inf
        course = follow(family, Scores(values, no, no, sign=1, margin=MARGIN, comparisons=len(PAIRS)))
        assert [course.needed[arm] for arm, _ in PAIRS] == found.used[study].tolist()
        decided = (found.verdicts[study] != "undecided").tolist()
        assert [course.end(*pair) == "decided" for pair in PAIRS] == decided
