"""How often the intervals that a report has beside its verdicts hold: of interactions, contributions and gains.

    python -m benchmarks.other_intervals        # writes benchmarks/other_intervals.md, in minutes on one core

Shape legend: S studies, A arms (the reference first) or cells (the base cell first), C contrasts, N seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np

from ablate.statistics.contributions import split
from ablate.statistics.interactions import GridScores
from ablate.statistics.intervals import paired_intervals
from ablate.statistics.multiplicity import CONFIDENCE, level_of
from benchmarks.calibration import SEEDS, STUDIES, covered, percent, uncertainty
from benchmarks.noises import (
    LATE_STARTERS,
    NOISES,
    ONE_ARM_DROPS,
    REFERENCE_DROPS,
    SKEWED,
    SYMMETRIC,
    TOGETHER,
    WINDFALLS,
    Noise,
)

GRIDS = ((2, 2), (3, 3), (4, 5))
"""How many levels the two axes have whose interactions are measured."""

KINDS = (*SYMMETRIC, ONE_ARM_DROPS, REFERENCE_DROPS, *SKEWED, WINDFALLS, LATE_STARTERS, TOGETHER)
"""Kinds of noise; in grids the base cell has that of the reference, the next cell that of the first compared arm."""

FIRST_GRID, FIRST_CUBE, FIRST_GAIN = 18, 100, 200
"""Seeds of the simulations, to which the place of a noise is added."""

AXES = 3
"""Components of the grids whose contributions are measured: each is on or off."""

ARMS = 5
"""Arms whose gains are measured, the reference included."""

PAGE = Path(__file__).with_suffix(".md")


def measure_grid(noise: Noise, levels: tuple[int, int], seeds: int, studies: int = STUDIES) -> float:
    """The share of grids without interactions in which all intervals of interactions contain zero."""
    draw = np.random.default_rng([FIRST_GRID + NOISES.index(noise), *levels, seeds])
    scores = noise.draw(draw, (studies, math.prod(levels), seeds)).reshape(studies, *levels, seeds)
    changed, alone = contrasts(scores)
    return covered(paired_intervals(changed, alone, level_of(changed.shape[1])))


def contrasts(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores (S, rows, columns, N) -> the effect of a changed row (S, C, N) in the other columns, and in the first."""
    effects = scores[:, 1:] - scores[:, :1]
    changed, alone = np.broadcast_arrays(effects[:, :, 1:], effects[:, :, :1])
    shape = len(scores), -1, scores.shape[-1]
    return changed.reshape(shape), alone.reshape(shape)


def measure_contributions(noise: Noise, seeds: int, studies: int = STUDIES) -> float:
    """The share of grids without any effect in which the intervals of all contributions contain zero."""
    draw = np.random.default_rng([FIRST_CUBE + NOISES.index(noise), seeds])
    shape = (2,) * AXES
    scores = np.moveaxis(noise.draw(draw, (studies, 2**AXES, seeds)), 1, 2).reshape(-1, *shape)  # (S N, *levels)
    axes = tuple(f"axis {axis}" for axis in range(AXES))
    grid = GridScores(axes, ((0, 1),) * AXES, (0,) * AXES, scores, np.zeros(shape, bool), sign=1)
    parts = [split(grid, axis) for axis in range(AXES)]
    on, off = (np.stack([part[which].reshape(studies, seeds) for part in parts], axis=1) for which in (0, 1))
    return covered(paired_intervals(on, off, level_of(AXES)))


def measure_gains(noise: Noise, seeds: int, studies: int = STUDIES) -> float:
    """The share of studies in which the interval of each arm's own mean contains the true one, which is zero."""
    draw = np.random.default_rng([FIRST_GAIN + NOISES.index(noise), seeds])
    return covered(paired_intervals(noise.draw(draw, (studies, ARMS, seeds)), 0.0, level_of(ARMS)))


def shown(coverage: float, studies: int) -> str:
    return percent(coverage, coverage >= CONFIDENCE - uncertainty(studies))


def columns(first: str) -> Iterator[str]:
    yield f"| {first} |{''.join(f' {seeds} seeds |' for seeds in SEEDS)}"
    yield "|---" * (1 + first.count("|") + len(SEEDS)) + "|"


def interactions_section(studies: int) -> Iterator[str]:
    """A line per kind of noise and grid, a column per number of seeds."""
    yield "## Interactions of a grid\n"
    yield "Grids without interactions in which all their intervals (`ablate.statistics.interactions`) contain zero. The"
    yield "cell with its own noise is the base cell (reference) or the next one (one arm).\n"
    yield from columns("noise | grid")
    yield from (interactions_row(*kind, studies) for kind in product(KINDS, GRIDS))
    yield ""


def interactions_row(noise: Noise, levels: tuple[int, int], studies: int) -> str:
    found = [shown(measure_grid(noise, levels, seeds, studies), studies) for seeds in SEEDS]
    return f"| {noise.name} | {levels[0]} × {levels[1]} | {' | '.join(found)} |"


def contributions_section(studies: int) -> Iterator[str]:
    yield "## Contributions of components\n"
    yield f"Grids of {AXES} components without any effect in which the intervals of all contributions"
    yield "(`ablate.statistics.contributions`) contain zero. The cell in which all are on is the reference.\n"
    yield from columns("noise")
    yield from (contributions_row(noise, studies) for noise in KINDS)
    yield ""


def contributions_row(noise: Noise, studies: int) -> str:
    found = [shown(measure_contributions(noise, seeds, studies), studies) for seeds in SEEDS]
    return f"| {noise.name} | {' | '.join(found)} |"


def gains_section(studies: int) -> Iterator[str]:
    yield "## Gains over doing nothing\n"
    yield f"Studies of {ARMS} arms in which the interval of each arm's own mean contains the true one. Doing nothing"
    yield "does not vary between seeds, so skewness and rare seeds that arms share do not cancel out here.\n"
    yield from columns("noise")
    yield from (gains_row(noise, studies) for noise in KINDS)
    yield ""


def gains_row(noise: Noise, studies: int) -> str:
    found = [shown(measure_gains(noise, seeds, studies), studies) for seeds in SEEDS]
    return f"| {noise.name} | {' | '.join(found)} |"


HEAD = """\
<!-- Written by `python -m benchmarks.other_intervals`; edit the program instead. -->
# Other intervals of a report

How often all intervals of one kind hold at once, apart from those of the verdicts ([calibration](calibration.md), where
the kinds of noise are described). {studies:,} simulated studies for each number; percentages, nominal: 95 or more, and
**bold** if it is less by over three Monte Carlo standard errors.

"""


def page(studies: int) -> str:
    """The page, in Markdown."""
    sections = (interactions_section, contributions_section, gains_section)
    return HEAD.format(studies=studies) + "\n".join(line for section in sections for line in section(studies))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    PAGE.write_text(page(parser.parse_args().studies))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
