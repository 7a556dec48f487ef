"""How often verdicts are wrong, and how often they are right, in simulated studies whose true differences are known.

    python -m benchmarks.calibration        # writes benchmarks/calibration.md, in some minutes on one core

Every compared arm differs from the reference by the same amount, the truth. A different truth only shifts the
intervals, so the noise is simulated once for all truths. Shape legend: S studies, A arms (the reference first),
C compared arms (A - 1), N seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from ablate.statistics.intervals import Interval, inner_level, paired_intervals
from ablate.statistics.multiplicity import CONFIDENCE, level_of
from ablate.statistics.power import power
from ablate.statistics.verdicts import judge
from benchmarks.noises import NOISES, SD, SKEWED_SD, Noise

MARGIN = 0.25
TRUTHS = (0, 0.5, 1, 2)
"""True differences, in margins."""

SEEDS = (3, 5, 8, 12)
STUDIES = 40_000
PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Cell:
    """What was measured for a kind of noise and a size of study. Rates are fractions; tuples have one for each truth.

    Attributes:
        coverage: studies in which every outer interval contains its true difference.
        errors: studies with a wrong verdict.
        any_margin: the same for the worst truth and margin of all.
        power: compared arms with a right verdict.
        nominal: the power that `ablate.statistics.power` computes for normal noise.
    """

    noise: Noise
    arms: int
    seeds: int
    studies: int
    coverage: float
    errors: tuple[float, ...]
    any_margin: float
    power: tuple[float, ...]
    nominal: tuple[float, ...]

    @property
    def holds(self) -> bool:
        """Whether coverage and error rates are at least as good as the nominal ones, within the uncertainty."""
        return self.is_covered and all(map(self.is_kept, (*self.errors, self.any_margin)))

    @property
    def is_covered(self) -> bool:
        return self.coverage >= CONFIDENCE - uncertainty(self.studies)

    def is_kept(self, error: float) -> bool:
        return error <= 1 - CONFIDENCE + uncertainty(self.studies)


def uncertainty(studies: int) -> float:
    """Three Monte Carlo standard errors of a rate of 5%."""
    return 3 * math.sqrt(0.05 * 0.95 / studies)


def is_right(verdicts: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Which verdicts (S, C) are true statements about the true differences (C,); an undecided one never is."""
    equivalent, better, worse = abs(truth) < MARGIN, truth > 0, truth < 0
    held = (verdicts == "equivalent") & equivalent, (verdicts == "better") & better, (verdicts == "worse") & worse
    return np.asarray(held[0] | held[1] | held[2])


def measure(noise: Noise, arms: int, seeds: int, studies: int = STUDIES) -> Cell:
    """Simulate studies of one kind; each call gives the same numbers."""
    draw = np.random.default_rng([NOISES.index(noise), arms, seeds])
    scores = noise.draw(draw, (studies, arms, seeds))
    level = level_of(arms - 1)
    outer, inner = (paired_intervals(scores[:, 1:], scores[:, :1], one) for one in (level, inner_level(level)))
    outcomes = [[outcome(outer, inner, sign * truth * MARGIN) for sign in (-1, 1)] for truth in TRUTHS]
    return Cell(
        noise=noise,
        arms=arms,
        seeds=seeds,
        studies=studies,
        coverage=covered(outer),
        errors=tuple(max(error for error, _ in both) for both in outcomes),
        any_margin=max(1 - covered(outer), *beyond(inner)),
        power=tuple(min(found for _, found in both) for both in outcomes),
        nominal=tuple(float(power(t * MARGIN, SD, seeds, margin=MARGIN, level=level)) for t in TRUTHS),
    )


def covered(interval: Interval) -> float:
    """The rate of studies in which all intervals (S, C) contain zero."""
    low, high = interval
    return float(np.mean(np.all((low <= 0) & (high >= 0), axis=1)))


def beyond(inner: Interval) -> tuple[float, float]:
    """The rates of studies with an inner interval (S, C) below zero, and with one above it.

    If all truths are positive, both *worse* and a false *equivalent* need an interval whose upper end is below its
    truth. Some margin then makes that *equivalent* false, or the smallest margin of the report too small.
    """
    low, high = inner
    return float(np.mean(np.any(high < 0, axis=1))), float(np.mean(np.any(low > 0, axis=1)))


def shifted(interval: Interval, truth: float) -> Interval:
    low, high = interval
    return low + truth, high + truth


def outcome(outer: Interval, inner: Interval, truth: float) -> tuple[float, float]:
    """Intervals (S, C) of null differences, shifted by a truth -> rates of wrong studies and of right verdicts."""
    verdicts = judge(shifted(outer, truth), shifted(inner, truth), MARGIN)
    correct = is_right(verdicts, np.asarray(truth))
    return float(np.mean(np.any(~correct & (verdicts != "undecided"), axis=1))), float(np.mean(correct))


def percent(rate: float, good: bool = True) -> str:
    return f"{100 * rate:.1f}" if good else f"**{100 * rate:.1f}**"


def row(cell: Cell) -> str:
    """A line of a table, with rates that are worse than nominal in bold."""
    errors = [percent(error, cell.is_kept(error)) for error in (*cell.errors, cell.any_margin)]
    powers = [f"{percent(found)} ({percent(nominal)})" for found, nominal in zip(cell.power, cell.nominal, strict=True)]
    fields = [str(cell.arms), str(cell.seeds), percent(cell.coverage, cell.is_covered), *errors, *powers]
    return f"| {' | '.join(fields)} |"


def section(noise: Noise, cells: list[Cell]) -> Iterator[str]:
    truths = [f"{truth:g} M" for truth in TRUTHS]
    yield f"## {noise.name}: {noise.about}\n"
    wrong, right = ([f"{what}, {truth}" for truth in truths] for what in ("wrong", "right"))
    heads = ["arms", "seeds", "all intervals hold", *wrong, "wrong by any margin", *right]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    yield from map(row, cells)
    yield ""


def summary(cells: list[Cell]) -> Iterator[str]:
    """One line per kind of noise: its worst coverage and error rate, and for how many sizes of study both hold."""
    heads = ("all intervals hold, worst (nominal: 95)", "a wrong verdict, worst (nominal: 5)", "by any margin, worst")
    yield f"| noise | {' | '.join(heads)} | all hold in |"
    yield "|---|---|---|---|---|"
    for noise in NOISES:
        own = [cell for cell in cells if cell.noise is noise]
        lowest = min(own, key=lambda cell: cell.coverage)
        coverage = f"{percent(lowest.coverage, lowest.is_covered)} ({lowest.arms} arms, {lowest.seeds} seeds)"
        wrong, any_margin = (_worst(own, of) for of in (lambda cell: max(cell.errors), lambda cell: cell.any_margin))
        kinds = f"{sum(cell.holds for cell in own)} of {len(own)} sizes of study"
        yield f"| {noise.name} | {coverage} | {wrong} | {any_margin} | {kinds} |"


def _worst(cells: list[Cell], error: Callable[[Cell], float]) -> str:
    """The highest of these error rates, and the size of study that has it."""
    cell = max(cells, key=error)
    return f"{percent(error(cell), cell.is_kept(error(cell)))} ({cell.arms} arms, {cell.seeds} seeds)"


def conclusion(cells: list[Cell]) -> Iterator[str]:
    """What can be promised, according to the measurements."""
    failing = {cell.noise.name for cell in cells if not cell.holds}
    holding, other = ("; ".join(n.name for n in NOISES if (n.name in failing) == fails) for fails in (False, True))
    yield f"- The verdicts of a study hold jointly in 95% of studies, for all sizes measured, under: {holding}."
    if other:
        yield f"- They do **not**, for some sizes or all, under: {other}."
    yield "- If rare seeds move the mean of an arm, that mean cannot be known from seeds that show none of them."
    yield "  A report says how frequent such seeds could still be."
    yield "- The other intervals of a report are on [a page of their own](other_intervals.md)."
    yield ""


HEAD = """\
<!-- Written by `python -m benchmarks.calibration`; edit the program instead. -->
# Calibration of the verdicts

How often verdicts are wrong, and how often they are right, in simulated studies whose true differences are known, for
several kinds of noise. *Noise* is here how scores vary between seeds, not the noise in images.

{studies:,} simulated studies for each kind of noise, number of arms (including the reference) and number of seeds.
The margin M is {margin:g} dB. The paired differences of ordinary arms have a standard deviation of {sd:g} dB, and of
{skewed:g} dB under skewed noise. All numbers are percentages. The Monte Carlo standard error of a rate of 5% is
{small:.2f}, that of a rate of 50% is {large:.2f}. A rate is **bold** if it is worse than its nominal value by more than
three of the former.

- *all intervals hold*: studies in which every outer interval contains its true difference; nominal: 95 or more.
- *wrong*: studies with one or more wrong verdicts (the family-wise error), where every compared arm truly differs from
  the reference by 0, ½, 1 or 2 M, upwards or downwards, whichever is worse; nominal: 5 or less. *Equivalent* is wrong
  from 1 M on; *better* and *worse* are wrong at zero and against the sign.
- *wrong by any margin*: the same for the worst true difference and the worst margin, even one chosen after seeing the
  result; a smallest margin that is too small counts as wrong, too. Nominal: 5 or less.
- *right*: compared arms with a right verdict (the power), upwards or downwards, whichever is less. In brackets is the
  nominal power, which `ablate.statistics.power` computes for normal noise of ordinary arms. At ½ M both *equivalent*
  and *better* (or *worse*) are right.
- The true difference is that of the means, including rare disasters and windfalls.

"""


def page(cells: list[Cell]) -> str:
    """The page, in Markdown."""
    studies = cells[0].studies
    errors = {"skewed": SKEWED_SD, "small": 100 * math.sqrt(0.05 * 0.95 / studies), "large": 50 / math.sqrt(studies)}
    sections = (line for noise in NOISES for line in section(noise, [cell for cell in cells if cell.noise is noise]))
    head = HEAD.format(studies=studies, margin=MARGIN, sd=SD, **errors)
    return head + "\n".join([*summary(cells), "", *conclusion(cells), *sections])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    options = parser.parse_args()
    cells = [measure(noise, *size, options.studies) for noise in NOISES for size in product(noise.arms, SEEDS)]
    PAGE.write_text(page(cells))
    print("\n".join(summary(cells)))


if __name__ == "__main__":
    main()
