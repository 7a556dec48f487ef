"""How often the verdicts are wrong, and how often they find the truth, in simulated studies whose truth is known.

    python -m benchmarks.calibration        # writes benchmarks/calibration.md: a minute or two on one core

Every compared arm differs from the reference by the same truth; an interval only moves with it, so one simulation of
the noise serves all truths. Shape legend: S studies, A arms (the reference first), C compared arms (A - 1), N seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from ablate.statistics.multiplicity import CONFIDENCE, level_of
from ablate.statistics.power import power
from ablate.statistics.verdicts import judge, paired_intervals
from benchmarks.noises import NOISES, ONE_ARM_DROPS, REFERENCE_DROPS, SD, SKEWED_SD, SYMMETRIC, Noise

MARGIN = 0.25
TRUTHS = (0, 0.5, 1, 2)
"""In margins."""

SEEDS = (3, 5, 8, 12)
GRIDS = ((2, 2), (3, 3), (4, 5))
"""Levels of the two axes whose interactions are measured."""

GRID_NOISES = (*SYMMETRIC, ONE_ARM_DROPS, REFERENCE_DROPS)
"""Of their cells: the reference is the base cell, the first compared arm the one beside it."""

STUDIES = 40_000
PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Cell:
    """What was measured for a kind of noise and a size of study; rates are fractions, by truth where there are four.

    Attributes:
        coverage: studies all of whose intervals hold their truths.
        errors: studies with a wrong verdict.
        power: compared arms with a right verdict; `nominal` is what `power` computes for normal noise.
    """

    noise: Noise
    arms: int
    seeds: int
    studies: int
    coverage: float
    errors: tuple[float, ...]
    power: tuple[float, ...]
    nominal: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether coverage and error rate are the nominal ones or better, within the uncertainty."""
        return self.covered and all(map(self.kept, self.errors))

    @property
    def covered(self) -> bool:
        return self.coverage >= CONFIDENCE - uncertainty(self.studies)

    def kept(self, error: float) -> bool:
        return error <= 1 - CONFIDENCE + uncertainty(self.studies)


def uncertainty(studies: int) -> float:
    """Three Monte Carlo standard errors of a rate of 5%."""
    return 3 * math.sqrt(0.05 * 0.95 / studies)


def right(verdicts: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Which verdicts (S, C) say what is true (C,); an undecided one says nothing."""
    equivalent, better, worse = abs(truth) < MARGIN, truth > 0, truth < 0
    held = (verdicts == "equivalent") & equivalent, (verdicts == "better") & better, (verdicts == "worse") & worse
    return np.asarray(held[0] | held[1] | held[2])


def measure(noise: Noise, arms: int, seeds: int, studies: int = STUDIES) -> Cell:
    """Simulate studies of one kind; the same numbers each time."""
    draw = np.random.default_rng([NOISES.index(noise), arms, seeds])
    scores = noise.draw(draw, (studies, arms, seeds))
    level = level_of(arms - 1)
    low, high = paired_intervals(scores[:, 1:], scores[:, :1], level)
    outcomes = [[outcome(low, high, sign * truth * MARGIN) for sign in (-1, 1)] for truth in TRUTHS]
    return Cell(
        noise=noise,
        arms=arms,
        seeds=seeds,
        studies=studies,
        coverage=float(np.mean(np.all((low <= 0) & (high >= 0), axis=1))),
        errors=tuple(max(error for error, _ in both) for both in outcomes),
        power=tuple(min(found for _, found in both) for both in outcomes),
        nominal=tuple(float(power(t * MARGIN, SD, seeds, margin=MARGIN, level=level)) for t in TRUTHS),
    )


def outcome(low: np.ndarray, high: np.ndarray, truth: float) -> tuple[float, float]:
    """Intervals (S, C) of differences without an effect, moved to a true one -> wrong studies, and right verdicts."""
    verdicts = judge(low + truth, high + truth, MARGIN)
    correct = right(verdicts, np.asarray(truth))
    return float(np.mean(np.any(~correct & (verdicts != "undecided"), axis=1))), float(np.mean(correct))


@dataclass(frozen=True)
class GridCell:
    """Studies of a grid without interactions, all of whose contrasts' intervals hold zero: a fraction."""

    noise: Noise
    levels: tuple[int, int]
    seeds: int
    studies: int
    coverage: float

    @property
    def covered(self) -> bool:
        return self.coverage >= CONFIDENCE - uncertainty(self.studies)


def measure_grid(noise: Noise, levels: tuple[int, int], seeds: int, studies: int = STUDIES) -> GridCell:
    """Simulate grids whose cells differ by noise alone; that of the reference and the first arm in the first cells."""
    draw = np.random.default_rng([len(NOISES) + NOISES.index(noise), *levels, seeds])
    scores = noise.draw(draw, (studies, math.prod(levels), seeds)).reshape(studies, *levels, seeds)
    changed, alone = contrasts(scores)
    low, high = paired_intervals(changed, alone, level_of(changed.shape[1]))
    return GridCell(noise, levels, seeds, studies, float(np.mean(np.all((low <= 0) & (high >= 0), axis=1))))


def contrasts(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Scores (S, rows, columns, N) -> what a change of row does (S, C, N) in changed columns, and in the first one."""
    effects = scores[:, 1:] - scores[:, :1]
    changed, alone = np.broadcast_arrays(effects[:, :, 1:], effects[:, :, :1])
    shape = len(scores), -1, scores.shape[-1]
    return changed.reshape(shape), alone.reshape(shape)


def percent(rate: float, good: bool = True) -> str:
    return f"{100 * rate:.1f}" if good else f"**{100 * rate:.1f}**"


def row(cell: Cell) -> str:
    """A line of a table; what is not as it should be is set in bold."""
    errors = [percent(error, cell.kept(error)) for error in cell.errors]
    powers = [f"{percent(found)} ({percent(nominal)})" for found, nominal in zip(cell.power, cell.nominal, strict=True)]
    fields = [str(cell.arms), str(cell.seeds), percent(cell.coverage, cell.covered), *errors, *powers]
    return f"| {' | '.join(fields)} |"


def section(noise: Noise, cells: list[Cell]) -> Iterator[str]:
    truths = [f"{truth:g} M" for truth in TRUTHS]
    yield f"## {noise.name}: {noise.about}\n"
    heads = ["arms", "seeds", "all intervals hold", *(f"wrong, {t}" for t in truths), *(f"right, {t}" for t in truths)]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    yield from map(row, cells)
    yield ""


def grid_section(cells: list[GridCell]) -> Iterator[str]:
    """Interactions: by kind of noise and grid, a column for each number of seeds."""
    yield "## Interactions of a grid\n"
    yield "Grids without interactions, all of whose contrasts' intervals (`ablate.statistics.interactions`) hold zero;"
    yield "nominal: 95 or more. The cell that varies more is the baseline (reference) or the one beside it (one arm).\n"
    yield f"| noise | grid |{''.join(f' {seeds} seeds |' for seeds in SEEDS)}"
    yield "|---" * (2 + len(SEEDS)) + "|"
    for noise, levels in product(GRID_NOISES, GRIDS):
        own = [cell for cell in cells if cell.noise is noise and cell.levels == levels]
        rates = "".join(f" {percent(cell.coverage, cell.covered)} |" for cell in own)
        yield f"| {noise.name} | {levels[0]} × {levels[1]} |{rates}"
    yield ""


def summary(cells: list[Cell]) -> Iterator[str]:
    """One line a kind of noise: its worst coverage and error rate, and in how many kinds of study both hold."""
    yield "| noise | all intervals hold, worst (nominal: 95) | a wrong verdict, worst (nominal: 5) | both hold in |"
    yield "|---|---|---|---|"
    for noise in NOISES:
        own = [cell for cell in cells if cell.noise is noise]
        lowest = min(own, key=lambda cell: cell.coverage)
        highest = max(own, key=lambda cell: max(cell.errors))
        error = max(highest.errors)
        coverage = f"{percent(lowest.coverage, lowest.covered)} ({lowest.arms} arms, {lowest.seeds} seeds)"
        wrong = f"{percent(error, highest.kept(error))} ({highest.arms} arms, {highest.seeds} seeds)"
        kinds = f"{sum(cell.holds for cell in own)} of {len(own)} sizes of study"
        yield f"| {noise.name} | {coverage} | {wrong} | {kinds} |"


def conclusion(cells: list[Cell], grids: list[GridCell]) -> Iterator[str]:
    """What may be promised, as it was measured."""
    failing = {cell.noise.name for cell in cells if not cell.holds}
    kept = [noise.name for noise in NOISES if noise.name not in failing]
    yield f"- The verdicts of a study hold together in 95% of studies, of all sizes measured, under: {', '.join(kept)}."
    if failing:
        yield f"- They do **not** under: **{', '.join(sorted(failing))}**."
    yield "- A mean that rare seeds of one arm move cannot be known from seeds that show none of them."
    yield "  A report says how frequent such seeds could still be."
    missed = [
        f"{grid.noise.name} in {grid.levels[0]} × {grid.levels[1]} cells with {grid.seeds} seeds"
        for grid in grids
        if not grid.covered
    ]
    text = f"but for: **{', '.join(missed)}**" if missed else "in all that was measured"
    yield f"- The intervals of a grid's interactions hold together in 95% of studies {text}."
    yield ""


HEAD = """\
<!-- Written by `python -m benchmarks.calibration`; edit the program instead. -->
# Calibration of the verdicts

{studies:,} simulated studies for each kind of noise, number of arms (the reference is one of them) and number of seeds.
The margin M is {margin:g} dB, the standard deviation of the paired differences of ordinary arms {sd:g} dB, under skewed
noise {skewed:g} dB. All numbers
are percentages. A rate of 5% has a Monte Carlo standard error of {small:.2f}, one of 50% of {large:.2f}; what is worse
than its nominal value by more than three of the former is **bold**.

- *all intervals hold*: studies all of whose intervals contain the true differences; nominal: 95 or more.
- *wrong*: studies with one or more wrong verdicts (the family-wise error), where all compared arms truly differ from
  the reference by 0, ½, 1 or 2 M, upwards or downwards, whichever is worse; nominal: 5 or less. *Equivalent* is wrong
  from 1 M on, *better* and *worse* are wrong at zero and against the sign. A wrong verdict needs an interval that
  misses the truth, so what *all intervals hold* leaves of 100 bounds this error for every other margin and truth.
- *right*: compared arms with a right verdict (the power), upwards or downwards, whichever is less; in brackets the
  nominal power, that of `ablate.statistics.power` for normal noise of the ordinary arms. At ½ M both *equivalent* and
  *better* (or *worse*) are right.
- The true difference is that of the means, rare disasters and windfalls included.

"""


def page(cells: list[Cell], grids: list[GridCell]) -> str:
    """The page, in Markdown."""
    studies = cells[0].studies
    errors = {"skewed": SKEWED_SD, "small": 100 * math.sqrt(0.05 * 0.95 / studies), "large": 50 / math.sqrt(studies)}
    sections = (line for noise in NOISES for line in section(noise, [cell for cell in cells if cell.noise is noise]))
    head = HEAD.format(studies=studies, margin=MARGIN, sd=SD, **errors)
    return head + "\n".join([*summary(cells), "", *conclusion(cells, grids), *sections, *grid_section(grids)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    options = parser.parse_args()
    cells = [measure(noise, *size, options.studies) for noise in NOISES for size in product(noise.arms, SEEDS)]
    grids = [measure_grid(*kind, options.studies) for kind in product(GRID_NOISES, GRIDS, SEEDS)]
    PAGE.write_text(page(cells, grids))
    print("\n".join(summary(cells)))


if __name__ == "__main__":
    main()
