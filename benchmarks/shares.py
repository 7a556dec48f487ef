"""How good the shares of variance of a grid are with few seeds, and how wrong an F test would be in their place.

    python -m benchmarks.shares        # writes benchmarks/shares.md, in two minutes on one core

Shape legend: S studies, N seeds, A and B levels of the two axes.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import stats

from ablate.statistics.interactions import GridScores
from ablate.statistics.multiplicity import CONFIDENCE
from ablate.statistics.shares import shares
from benchmarks.calibration import percent, uncertainty

SEEDS = (3, 5, 8, 12)
GRID = (3, 2)
EFFECT, BY_SEED, REST = 0.14, 0.36, 0.04
"""Variances: of the levels of the first axis, of what each seed makes of them, and of the rest of the noise."""

TRUTH = EFFECT / (EFFECT + BY_SEED + REST)
"""The share of the first axis."""

WIDER = 5
"""By how much more one cell varies than the others, in the grids of the F test."""

STUDIES = 1000, 20_000
"""Simulated grids for the shares and for the F test."""

PAGE = Path(__file__).with_suffix(".md")


def mean_share(seeds: int, effect: float, studies: int) -> float:
    """The mean estimated share of the first axis, whose levels have this variance."""
    draw = np.random.default_rng([seeds, round(100 * effect)])
    levels_A1 = math.sqrt(effect * 3 / 2) * np.array([-1.0, 0.0, 1.0])[:, None]
    by_seed_SNA1 = draw.normal(0, math.sqrt(BY_SEED), (studies, seeds, GRID[0], 1))
    scores_SNAB = levels_A1 + by_seed_SNA1 + draw.normal(0, math.sqrt(REST), (studies, seeds, *GRID))
    return float(np.mean([shares(_grid(scores_NAB))[0].omega_squared for scores_NAB in scores_SNAB]))


def _grid(scores_NAB: np.ndarray) -> GridScores:
    return GridScores(("a", "b"), tuple(tuple(range(n)) for n in GRID), (0, 0), scores_NAB, np.zeros(GRID, bool), 1)


def significant(seeds: int, wider: float, studies: int) -> float:
    """The rate of grids without effects in which an F test finds one of the first axis.

    Args:
        wider: the factor of the standard deviation of one cell.
    """
    draw = np.random.default_rng([seeds, round(wider)])
    scores_SNAB = draw.normal(size=(studies, seeds, *GRID))
    scores_SNAB[:, :, 0, 0] *= wider
    return float(np.mean(f_test(scores_SNAB) < 1 - CONFIDENCE))


def f_test(scores_SNAB: np.ndarray) -> np.ndarray:
    """The p values (S,) of the first axis, by the analysis of variance of a full grid with the seeds as blocks."""
    _, seeds, levels, others = scores_SNAB.shape
    cells_SAB, blocks_SN = scores_SNAB.mean(axis=1), scores_SNAB.mean(axis=(2, 3))
    mean_S = blocks_SN.mean(axis=1)
    effects_SA = cells_SAB.mean(axis=2) - mean_S[:, None]
    rest_SNAB = scores_SNAB - cells_SAB[:, None] - blocks_SN[:, :, None, None] + mean_S[:, None, None, None]
    df = levels - 1, (seeds - 1) * (levels * others - 1)
    explained_S = np.square(effects_SA).sum(axis=1) * seeds * others / df[0]
    return np.asarray(stats.f.sf(explained_S / (np.square(rest_SNAB).sum(axis=(1, 2, 3)) / df[1]), *df))


def estimates(studies: int) -> Iterator[str]:
    yield "| true share |" + "".join(f" {seeds} seeds |" for seeds in SEEDS)
    yield "|---" * (1 + len(SEEDS)) + "|"
    for truth, effect in ((TRUTH, EFFECT), (0.0, 0.0)):
        found = (percent(mean_share(seeds, effect, studies)) for seeds in SEEDS)
        yield f"| {percent(truth)} | {' | '.join(found)} |"


def tests(studies: int) -> Iterator[str]:
    yield "| noise |" + "".join(f" {seeds} seeds |" for seeds in SEEDS)
    yield "|---" * (1 + len(SEEDS)) + "|"
    for name, wider in (("the same in all cells", 1), (f"one cell varies {WIDER} times as much", WIDER)):
        found = (significant(seeds, wider, studies) for seeds in SEEDS)
        yield f"| {name} | {' | '.join(percent(one, one <= 0.05 + uncertainty(studies)) for one in found)} |"


HEAD = """\
<!-- Written by `python -m benchmarks.shares`; edit the program instead. -->
# Shares of variance

Simulated grids of {a} × {b} cells, with the seeds as blocks. All numbers are percentages.

## The mean share of an axis

The mean of the estimates in {grids:,} grids for each number. The effects of the first axis have a variance of
{effect:g}; each seed changes them at random, with a variance of {by_seed:g}, and the remaining noise has one of
{rest:g}. In the second line the axis has no effect. An estimate is never below 0, so its mean is then above 0.

"""

F_TEST = """\

## An F test in its place

{grids:,} grids without any effect for each number: those in which the F test of the analysis of variance finds an
effect of the first axis at 5% (nominal: 5 or less; **bold** if it is more by over three Monte Carlo standard errors).

"""


def page(grids: int, tested: int) -> str:
    """The page, in Markdown."""
    facts = {"a": GRID[0], "b": GRID[1], "effect": EFFECT, "by_seed": BY_SEED, "rest": REST}
    head = HEAD.format(grids=grids, **facts) + "\n".join([*estimates(grids), ""])
    return head + F_TEST.format(grids=tested) + "\n".join([*tests(tested), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--grids", type=int, default=STUDIES[0], help="simulated grids for the shares")
    parser.add_argument("--tested", type=int, default=STUDIES[1], help="simulated grids for the F test")
    options = parser.parse_args()
    PAGE.write_text(page(options.grids, options.tested))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
