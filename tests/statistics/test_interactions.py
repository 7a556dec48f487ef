"""Interactions and heat maps of a grid: against statsmodels, scipy, and truths that are known."""

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.formula.api import ols

from ablate.records.tables import read_scores
from ablate.reporting.study.grids import read_grid
from ablate.statistics.interactions import heat_maps, interactions, within_errors
from ablate.statistics.shares import shares
from ablate.studies.planning import Design
from ablate.studies.study import Study
from tests.helpers.grids import grid_of, noise

AXES = {"model.heads": [1, 4, 8], "model.depth": [2, 12]}


def study_of(**changes: Any) -> Design:
    facts = {"name": "a", "question": "?", "vary": AXES, "reference": {"model.heads": 4}, "seeds": 4, "margin": 0.25}
    return Design.of(Study.model_validate(facts | changes))


# from a study's runs


def runs_of(study: Design) -> pd.DataFrame:
    """Runs whose score tells heads, depth and seed: 8.12 + 0.001 for the third seed of 8 heads and 12 blocks."""
    rows = [
        {"arm": arm.name, "seed": seed, "status": "finished", "test/psnr": score(arm.settings.model, seed)}
        for arm in study.arms
        for seed in study.seeds
    ]
    return pd.DataFrame(rows)


def score(model: Any, seed: int) -> float:
    return float(model.heads + model.depth / 100 + seed / 1000)


def test_every_cell_has_the_position_of_its_levels() -> None:
    grid = read_grid(study_of(), read_scores(study_of(), runs_of(study_of())))
    assert grid is not None
    assert (grid.axes, grid.levels) == (("model.heads", "model.depth"), ((1, 4, 8), (2, 12)))
    assert grid.scores[3, 2, 1] == pytest.approx(8.123)
    assert grid.scores[0, 0, 1] == pytest.approx(1.12)


def test_the_baseline_is_the_references_level_and_the_first_of_an_axis_that_it_does_not_fix() -> None:
    both = study_of(reference={"model.heads": 8, "model.depth": 12})
    found = [read_grid(study, read_scores(study, runs_of(study))) for study in (study_of(), both)]
    assert [grid and grid.baseline for grid in found] == [(1, 0), (2, 1)]


def with_a_missing_run(study: Design) -> pd.DataFrame:
    """Without that of seed 2 in the cell of 1 head and 2 blocks."""
    runs = runs_of(study)
    runs.loc[(runs.seed == 2) & runs.arm.str.startswith("heads=1, depth=2"), "test/psnr"] = np.nan
    return runs


def test_a_missing_run_costs_its_seed_only_in_its_own_cell() -> None:
    runs = with_a_missing_run(study_of())
    grid = read_grid(study_of(), read_scores(study_of(), runs))
    assert grid is not None
    (found,) = heat_maps(grid)
    means = runs.groupby("arm", sort=False)["test/psnr"].mean()  # those of the verdict table
    np.testing.assert_allclose(found.means.ravel(), means.to_numpy())
    assert found.seeds.tolist() == [[3, 4], [4, 4], [4, 4]]


def test_a_contrast_waits_only_for_the_runs_of_its_own_cells() -> None:
    grid = read_grid(study_of(), read_scores(study_of(), with_a_missing_run(study_of())))
    assert grid is not None
    first, second = interactions(grid, 0.25)
    assert [(item.changed, item.comparison.pairs) for item in (first, second)] == [((1, 12), 3), ((8, 12), 4)]
    assert (first.comparison.verdict, second.comparison.verdict) == ("waiting", "equivalent")


def test_a_cell_that_is_a_mean_over_another_axis_leaves_out_the_seeds_of_which_it_lacks_a_run() -> None:
    scores = noise(4, 2, 2, 2)
    scores[1, 0, 1, 0] = np.nan
    found = heat_maps(grid_of(scores))[0]
    assert found.seeds.tolist() == [[4, 3], [4, 4]]
    np.testing.assert_allclose(found.means[0, 1], scores[[0, 2, 3], 0, 1].mean())


def test_a_cell_without_any_run_has_no_mean() -> None:
    scores = noise(4, 3, 2)
    scores[:, 2, 1] = np.nan
    (found,) = heat_maps(grid_of(scores))
    assert np.argwhere(np.isnan(found.means)).tolist() == [[2, 1]]
    assert [item.comparison.verdict == "waiting" for item in interactions(grid_of(scores), 0.25)] == [False, True]


def test_shares_are_those_of_the_complete_seeds() -> None:
    scores = noise(5, 3, 2)
    holed = scores.copy()
    holed[3, 1, 1] = np.nan
    assert shares(grid_of(holed)) == shares(grid_of(np.delete(scores, 3, axis=0)))
    holed[:4, 0, 0] = np.nan
    assert shares(grid_of(holed)) == []


def test_an_axis_with_a_single_level_is_none() -> None:
    single = study_of(vary={"model.skip": ["both"], **AXES})
    grid, without = (read_grid(study, read_scores(study, runs_of(study))) for study in (single, study_of()))
    assert grid is not None
    assert without is not None
    assert (grid.axes, grid.levels, grid.baseline) == (without.axes, without.levels, without.baseline)
    np.testing.assert_array_equal(grid.scores, without.scores)


@pytest.mark.parametrize(
    "changes",
    [
        {"vary": {"model.heads": [1, 4]}},
        {"vary": {"model.heads": [1, 4], "model.depth": [2]}},
        {"design": "one-at-a-time"},
        {"vary": None, "arms": {"a": {}, "b": {"model.heads": 1}}, "reference": "a"},
    ],
)
def test_a_study_that_is_not_a_grid_has_no_interactions(changes: dict[str, Any]) -> None:
    study = study_of(**changes)
    assert read_grid(study, read_scores(study, runs_of(study))) is None


# contrasts


def test_a_contrast_is_the_paired_t_test_of_its_differences() -> None:
    scores = noise(6, 3, 2)
    found = interactions(grid_of(scores), 0.25)
    assert [item.changed for item in found] == [(1, 1), (2, 1)]
    for item, level in zip(found, (1, 2), strict=True):
        changed, alone = scores[:, level, 1] - scores[:, 0, 1], scores[:, level, 0] - scores[:, 0, 0]
        expected = stats.ttest_rel(changed, alone).confidence_interval(1 - 0.05 / 2)
        assert (item.comparison.low, item.comparison.high) == pytest.approx(tuple(expected))


def test_the_contrasts_are_the_interaction_coefficients_of_statsmodels() -> None:
    scores = noise(5, 3, 3)
    seed, a, b = np.indices(scores.shape).reshape(3, -1)
    table = pd.DataFrame({"y": scores.ravel(), "seed": seed, "a": a, "b": b})
    fitted = ols("y ~ C(seed) + C(a) * C(b)", table).fit().params
    for item in interactions(grid_of(scores), 0.25):
        name = f"C(a)[T.{item.changed[0]}]:C(b)[T.{item.changed[1]}]"
        assert item.comparison.difference == pytest.approx(fitted[name])


def test_effects_that_add_up_are_not_an_interaction() -> None:
    scores = 0.01 * noise(5, 3, 2) + np.array([0, 5, 9])[:, None] + np.array([0, -7]) + 3 * noise(5, 1, 1)
    assert {item.comparison.verdict for item in interactions(grid_of(scores), 0.25)} == {"equivalent"}


@pytest.mark.parametrize(("extra", "sign", "verdict"), [(1, 1, "better"), (-1, 1, "worse"), (1, -1, "worse")])
def test_two_changes_that_do_more_together_interact(extra: float, sign: int, verdict: str) -> None:
    scores = 0.01 * noise(5, 2, 2) + np.array([[0, 2], [3, 5 + extra]])
    (found,) = interactions(grid_of(scores, sign=sign), 0.25)
    assert (found.comparison.verdict, round(found.comparison.difference)) == (verdict, sign * extra)


def test_one_noisy_cell_widens_only_the_contrasts_that_it_is_in() -> None:
    scores = 0.01 * noise(5, 3, 2)
    scores[:, 2, 1] += noise(5, seed=1)
    calm, noisy = (item.comparison.sd for item in interactions(grid_of(scores), 0.25))
    assert noisy > 10 * calm


def test_other_axes_are_averaged_over() -> None:
    scores = noise(4, 2, 3, 2)
    found = interactions(grid_of(scores), 0.25)
    assert [item.axes for item in found] == [("a", "b")] * 2 + [("a", "c")] + [("b", "c")] * 2
    flat = interactions(grid_of(scores.mean(axis=3)), 0.25)
    assert found[1].comparison.difference == pytest.approx(flat[1].comparison.difference)
    assert found[1].comparison.level == pytest.approx(1 - 0.05 / 5)


def test_a_cell_with_a_bad_run_leaves_its_contrasts_open() -> None:
    bad = np.array([[False, False], [False, False], [True, False]])
    found = interactions(grid_of(0.01 * noise(5, 3, 2), bad=bad), 0.25)
    assert [item.comparison.verdict for item in found] == ["equivalent", "undecided"]


# heat maps


def test_a_heat_map_shows_each_cells_own_mean_and_spread() -> None:
    scores = noise(5, 3, 2)
    (found,) = heat_maps(grid_of(scores))
    assert (found.axes, found.rows, found.columns) == (("a", "b"), (0, 1, 2), (0, 1))
    np.testing.assert_allclose(found.means, scores.mean(axis=0))
    np.testing.assert_allclose(found.sds, scores.std(axis=0, ddof=1))


@pytest.mark.parametrize("sign", [1, -1])
def test_the_contrasts_are_from_the_baseline(sign: int) -> None:
    grid = grid_of(noise(5, 3, 3, 2), baseline=(1, 0, 1), sign=sign)
    contrasts = iter(interactions(grid, 0.25))
    for found, (a0, b0) in zip(heat_maps(grid), [(1, 0), (1, 1), (0, 1)], strict=True):
        additive = found.means[:, [b0]] + found.means[[a0]] - found.means[a0, b0]
        inner = np.delete(np.delete(sign * (found.means - additive), a0, 0), b0, 1)
        expected = [next(contrasts).comparison.difference for _ in inner.ravel()]
        assert inner.ravel() == pytest.approx(expected)


def test_one_seed_has_no_spread() -> None:
    grid = grid_of(noise(1, 2, 2))
    assert np.isnan(heat_maps(grid)[0].sds).all()


def test_bars_of_cells_show_how_sure_the_paired_difference_of_two_cells_is() -> None:
    scores = noise(6, 2) + 10 * noise(6, 1, seed=1)
    errors = within_errors(scores)
    assert errors * math.sqrt(2) == pytest.approx(stats.sem(scores[:, 0] - scores[:, 1]))


def test_bars_of_cells_leave_out_seeds_with_a_missing_run() -> None:
    scores = noise(6, 4)
    missing = scores.copy()
    missing[2, 1] = math.nan
    assert within_errors(missing) == pytest.approx(within_errors(np.delete(scores, 2, axis=0)))
    assert np.isnan(within_errors(missing[1:3])).all()
