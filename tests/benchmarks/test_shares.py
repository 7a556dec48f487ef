"""What is said about shares of variance is what their page shows, and that page has the numbers of the program."""

import re

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from ablate.statistics import shares
from benchmarks.calibration import percent
from benchmarks.shares import EFFECT, GRID, PAGE, SEEDS, STUDIES, TRUTH, WIDER, f_test, mean_share, significant


def cells(start: str) -> list[float]:
    """The numbers of the row that begins with this cell."""
    (line,) = [line for line in PAGE.read_text().splitlines() if line.startswith(f"| {start} |")]
    return [float(cell.strip("* ")) for cell in line.strip("|").split("|")[1:]]


def test_the_f_test_is_that_of_statsmodels() -> None:
    scores = np.random.default_rng(2).normal(size=(4, *GRID))
    places = dict(zip(("seed", "a", "b"), np.indices(scores.shape).reshape(3, -1), strict=True))
    model = ols("score ~ C(seed) + C(a) * C(b)", pd.DataFrame(places).assign(score=scores.ravel())).fit()
    assert f_test(scores[None])[0] == pytest.approx(anova_lm(model)["PR(>F)"]["C(a)"])


def test_the_reason_for_no_p_value_has_the_largest_number_of_the_page() -> None:
    found = re.search(r"wrong in up to (\S+)% of simulated grids", " ".join(str(shares.Share.__doc__).split()))
    assert found
    assert float(found[1]) == max(cells(f"one cell varies {WIDER} times as much"))
    assert max(cells("the same in all cells")) < 5.5
    mean = re.search(r"With three seeds the share .* is (\S+)% on average", " ".join(str(shares.Share.__doc__).split()))
    assert mean
    assert float(mean[1]) == cells("0.0")[0]


def test_with_few_seeds_the_share_of_an_axis_that_does_nothing_is_too_large_and_others_hardly() -> None:
    assert cells("0.0") == sorted(cells("0.0"), reverse=True)
    assert cells("0.0")[0] > 10
    assert np.array(cells(percent(TRUTH))) == pytest.approx(100 * TRUTH, abs=2)


@pytest.mark.parametrize("effect", [0.0, EFFECT])
def test_the_page_has_the_mean_shares_that_the_program_measures(effect: float) -> None:
    found = percent(mean_share(SEEDS[0], effect, STUDIES[0]))
    assert float(found) == cells(percent(TRUTH if effect else 0.0))[0]


@pytest.mark.parametrize(
    ("name", "wider"), [("the same in all cells", 1), (f"one cell varies {WIDER} times as much", WIDER)]
)
def test_the_page_has_the_errors_of_the_f_test_that_the_program_measures(name: str, wider: float) -> None:
    assert [float(percent(significant(seeds, wider, STUDIES[1]))) for seeds in SEEDS] == cells(name)
