"""Shares of variance: against statsmodels, and truths that are known."""

import math

import numpy as np
import pandas as pd
import pytest
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm

from ablate.statistics.shares import Share, shares
from tests.helpers.grids import grid_of, noise


def test_without_noise_the_shares_are_those_of_the_sums_of_squares() -> None:
    scores = np.zeros((4, 3, 2)) + np.array([0, 1, 2])[:, None] + np.array([0, 4]) + np.arange(4)[:, None, None]
    found = {share.term: share.omega_squared for share in shares(grid_of(scores))}
    total = 2 / 3 + 4 + 1.25  # the variances of the axes' levels and of the seeds
    expected = {("a",): 2 / 3, ("b",): 4, ("seed",): 1.25, ("a", "b"): 0}
    assert list(found) == list(expected)
    assert found == pytest.approx({term: part / total for term, part in expected.items()}, abs=1e-9)


def share_by_statsmodels(scores: np.ndarray) -> dict[tuple[str, ...], float]:
    """Omega squared from the sums of squares of `anova_lm`, for axes a and b (or a, b and c)."""
    names = ["seed", *"abc"[: scores.ndim - 1]]
    table = pd.DataFrame(dict(zip(names, np.indices(scores.shape).reshape(scores.ndim, -1), strict=True)))
    model = f"score ~ {'*'.join(f'C({name})' for name in names)}"
    with np.errstate(divide="ignore", invalid="ignore"):  # of F: nothing is left unexplained
        anova = anova_lm(ols(model, table.assign(score=scores.ravel())).fit())
    terms = {tuple(part[2:-1] for part in term.split(":")): term for term in anova.index.drop("Residual")}
    squares, df = ({term: anova[key][name] for term, name in terms.items()} for key in ("sum_sq", "df"))
    by_seed = [term for term in terms if "seed" in term and len(term) > 1]
    rest = sum(squares[term] for term in by_seed) / sum(df[term] for term in by_seed)
    noise = {term[1:]: squares[term] / df[term] for term in by_seed} | {("seed",): rest}
    total = sum(squares.values()) + rest
    return {term: max(0.0, squares[term] - df[term] * each) / total for term, each in noise.items()}


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("shape", [(4, 3, 2), (3, 2, 2), (3, 2, 4, 3)])
def test_the_shares_are_those_of_statsmodels(shape: tuple[int, ...]) -> None:
    scores = noise(*shape) + 3 * noise(*shape[:2], *[1] * (len(shape) - 2), seed=1)
    found = {share.term: share.omega_squared for share in shares(grid_of(scores))}
    assert found == pytest.approx(share_by_statsmodels(scores), abs=1e-10)


def of_axis(axis: int, grids: list[list[Share]]) -> tuple[np.ndarray, np.ndarray]:
    """The shares of an axis in many grids, and their errors."""
    return np.array([grid[axis].omega_squared for grid in grids]), np.array([grid[axis].error for grid in grids])


def test_the_shares_are_those_of_the_truth_on_average() -> None:
    """150 grids of 3 x 2 cells and 4 seeds, where the second axis explains half of the variance."""
    truth = np.array([0, 2.0])  # variance 1, as the noise
    found = [shares(grid_of(noise(4, 3, 2, seed=seed) + truth)) for seed in range(150)]
    assert of_axis(1, found)[0].mean() == pytest.approx(0.5, abs=0.05)
    assert of_axis(0, found)[0].mean() < 0.04


@pytest.fixture(scope="module")
def three_seeds() -> list[list[Share]]:
    """400 grids of 3 x 2 cells and 3 seeds, each of which takes the first axis in its own way.

    The levels of the axis have a variance of 0.14, its noise one of 0.36, and the rest of the noise one of 0.04.
    """
    levels = math.sqrt(0.14) * math.sqrt(1.5) * np.array([-1, 0, 1.0])[:, None]
    found = []
    for seed in range(400):
        by_axis, rest = 0.6 * noise(3, 3, 1, seed=seed), 0.2 * noise(3, 3, 2, seed=1000 + seed)
        found.append(shares(grid_of(levels + by_axis + rest)))
    return found


def test_with_three_seeds_the_share_of_an_axis_is_hardly_too_large(three_seeds: list[list[Share]]) -> None:
    """Less the noise of all terms, and not its own, it would be 0.35 instead of 0.26."""
    assert of_axis(0, three_seeds)[0].mean() == pytest.approx(0.14 / (0.14 + 0.36 + 0.04), abs=0.05)


def test_the_error_of_a_share_says_how_much_it_varies_between_studies(three_seeds: list[list[Share]]) -> None:
    found, errors = of_axis(0, three_seeds)
    assert found.std() <= math.sqrt(np.square(errors).mean()) <= 1.5 * found.std()


def test_the_error_of_a_share_is_that_of_the_jackknife() -> None:
    scores = noise(5, 3, 2)
    (found, *_) = shares(grid_of(scores))
    without = [shares(grid_of(np.delete(scores, seed, axis=0)))[0].omega_squared for seed in range(5)]
    spread = [(one - np.mean(without)) ** 2 for one in without]
    assert found.error == pytest.approx(math.sqrt(4 / 5 * sum(spread)))
    assert found.error > 0


def test_fewer_than_three_seeds_have_no_shares() -> None:
    scores = noise(4, 2, 2)
    assert shares(grid_of(scores[:2])) == []
    scores[0, 0, 0] = scores[1, 1, 0] = math.nan
    assert shares(grid_of(scores)) == []


def test_scores_without_any_spread_have_no_shares() -> None:
    assert {(share.omega_squared, share.error) for share in shares(grid_of(np.full((3, 2, 2), 30.1)))} == {(0, 0)}
