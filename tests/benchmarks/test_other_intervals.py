"""The other intervals of a report: the simulations compute what reports do, and texts say what the page shows."""

import numpy as np
import pytest

from ablate.reporting.study.content import WORST_GRID
from ablate.statistics.contributions import contributions
from ablate.statistics.interactions import GridScores, interactions
from ablate.statistics.intervals import paired_intervals
from ablate.statistics.multiplicity import level_of
from benchmarks.calibration import MARGIN, STUDIES
from benchmarks.noises import NOISES, Noise
from benchmarks.other_intervals import (
    AXES,
    GRIDS,
    KINDS,
    PAGE,
    contrasts,
    contributions_row,
    gains_row,
    interactions_row,
    measure_contributions,
)
from tests.helpers.committed import ROOT

SECTIONS = {part.split("\n")[0]: part.splitlines() for part in PAGE.read_text().split("\n## ")[1:]}
INTERACTIONS, CONTRIBUTIONS, GAINS = SECTIONS.values()


def broken(lines: list[str]) -> set[str]:
    """The kinds of noise with a number in bold."""
    return {line.strip("| ").split(" | ")[0] for line in lines if line.startswith("|") and "**" in line}


def test_the_benchmark_computes_the_interactions_of_the_statistics() -> None:
    scores = np.random.default_rng(0).normal(size=(4, 3, 4, 5))
    changed, alone = contrasts(scores)
    low, high = paired_intervals(changed, alone, level_of(changed.shape[1]))
    for study, cells in enumerate(scores):
        levels = tuple(map(tuple, map(range, (3, 4))))
        seeds_first = np.moveaxis(cells, -1, 0)
        grid = GridScores(("a", "b"), levels, (0, 0), seeds_first, np.zeros((3, 4), bool), sign=1)
        found = [item.comparison for item in interactions(grid, MARGIN)]
        assert low[study] == pytest.approx([one.low for one in found])
        assert high[study] == pytest.approx([one.high for one in found])


def test_the_benchmark_computes_the_contributions_of_the_statistics(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same scores by the function of the reports, a study at a time."""
    noise, held = NOISES[0], []
    scores = noise.draw(np.random.default_rng([100, 5]), (50, 2**AXES, 5))
    for cells in scores:
        levels = ((0, 1),) * AXES
        grid = GridScores(
            ("a", "b", "c"), levels, (0,) * AXES, cells.T.reshape(5, *(2,) * AXES), np.zeros((2,) * AXES, bool), 1
        )
        held.append(all(c.comparison.side == "across" for c in contributions(grid, MARGIN)))
    assert measure_contributions(noise, 5, 50) == np.mean(held)


def test_reports_and_documentation_say_in_how_few_grids_interactions_can_hold() -> None:
    single = {"one arm drops", "reference drops", "windfalls", "skewness 2, one arm"}
    assert broken(INTERACTIONS) == {*single, "drops"}, "one cell with skewness or rare runs, or rare runs of any cell"
    grids = [line.strip("| ").split(" | ") for line in INTERACTIONS if line.count("|") == 7][1:]
    lowest = min(float(cell.strip("*")) for grid in grids for cell in grid[2:])
    assert f"{lowest}%" == WORST_GRID
    text = " ".join((ROOT / "docs" / "verdicts.md").read_text().split())
    assert f"in only {WORST_GRID} of the grids in the worst case" in text


@pytest.mark.parametrize("lines", [INTERACTIONS, CONTRIBUTIONS, GAINS], ids=lambda lines: lines[0])
def test_all_hold_under_normal_noise_as_reports_say(lines: list[str]) -> None:
    assert not broken(lines) & {"normal", "one arm ×5", "reference ×5", "heavy tails"}


def test_gains_hold_only_for_noise_without_skewness_and_rare_runs() -> None:
    assert broken(GAINS) == {noise.name for noise in KINDS[4:]}


@pytest.mark.parametrize("noise", [KINDS[0], KINDS[-1]], ids=lambda noise: noise.name)
def test_the_page_has_the_rows_that_the_program_writes(noise: Noise) -> None:
    assert interactions_row(noise, GRIDS[0], STUDIES) in INTERACTIONS
    assert contributions_row(noise, STUDIES) in CONTRIBUTIONS
    assert gains_row(noise, STUDIES) in GAINS
