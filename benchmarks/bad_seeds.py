"""What bad runs do to the verdicts: runs that diverge, learn nothing or fail, alone or together with others of a seed.

    python -m benchmarks.bad_seeds        # writes benchmarks/bad_seeds.md, in a minute on one core

Scores are relative to those of predicting zero. Shape legend: S studies, A arms (the reference first), C compared arms,
N seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np
from scipy import stats

from ablate.statistics.intervals import inner_level, paired_intervals
from ablate.statistics.multiplicity import CONFIDENCE, level_of
from ablate.statistics.rates import bad_seed_bound, rate
from ablate.statistics.verdicts import find_barred, judge
from benchmarks.calibration import MARGIN, is_right, percent, uncertainty
from benchmarks.noises import SD

HEIGHT = 12.0
"""By how much an ordinary run is better than predicting zero, in dB: as the default network is."""

BELOW, BELOW_SD = 1.0, 0.5
"""How far a run that has learned nothing is below predicting zero (dB), and how much that varies."""

ARMS, SEEDS = 5, (5, 12)
TRUTHS = (-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0)
STUDIES = 10_000
PAGE = Path(__file__).with_suffix(".md")

Mask = Callable[[np.random.Generator, tuple[int, int, int]], np.ndarray]
"""Which runs of studies (S, A, N) are bad."""


def alone(arms: slice, share: float) -> Mask:
    """Runs of some arms are bad, independently of each other."""

    def mask(draw: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
        bad_SAN = np.asarray(draw.random(shape) < share)
        chosen_SAN = np.zeros(shape, bool)
        chosen_SAN[:, arms] = bad_SAN[:, arms]
        return chosen_SAN

    return mask


def together(share: float) -> Mask:
    """All runs of a seed are bad, or none."""

    def mask(draw: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
        bad_S1N = np.asarray(draw.random((shape[0], 1, shape[2])) < share)
        return np.broadcast_to(bad_S1N, shape)

    return mask


@dataclass(frozen=True)
class Bad:
    """A pattern of bad runs; `shares` are those of the reference, of the first compared arm and of the others."""

    name: str
    mask: Mask
    shares: tuple[float, float, float]


RATE = 0.05
PATTERNS = (
    Bad("the reference, 5% of runs", alone(slice(0, 1), RATE), (RATE, 0, 0)),
    Bad("one arm, 5% of runs", alone(slice(1, 2), RATE), (0, RATE, 0)),
    Bad("every arm, 5% of runs", alone(slice(None), RATE), (RATE, RATE, RATE)),
    Bad("all arms together, 5% of seeds", together(RATE), (RATE, RATE, RATE)),
    # append only: a pattern's place seeds its simulation
    *(
        bad
        for share in (0.2, 0.5)
        for bad in (
            Bad(f"the reference, {share:.0%} of runs", alone(slice(0, 1), share), (share, 0, 0)),
            Bad(f"one arm, {share:.0%} of runs", alone(slice(1, 2), share), (0, share, 0)),
            Bad(f"all arms together, {share:.0%} of seeds", together(share), (share, share, share)),
        )
    ),
)


def ordinary(draw: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """Scores (S, A, N) of runs that are not bad; all arms have the same mean."""
    return HEIGHT + draw.normal(0, SD / math.sqrt(2), shape)


def judge_studies(scores_SAN: np.ndarray, bad_SAN: np.ndarray) -> np.ndarray:
    """The verdicts (S, C), with those ruled out that `ablate.statistics.verdicts.find_barred` names."""
    level = level_of(scores_SAN.shape[1] - 1)
    outer, inner = (paired_intervals(scores_SAN[:, 1:], scores_SAN[:, :1], one) for one in (level, inner_level(level)))
    verdicts_SC, bad_SA = judge(outer, inner, MARGIN), np.asarray(bad_SAN.any(axis=-1))
    for arm_bad, reference_bad in product((False, True), repeat=2):
        here_SC = (bad_SA[:, 1:] == arm_bad) & (bad_SA[:, :1] == reference_bad)
        barred = list(find_barred(arm_bad=arm_bad, reference_bad=reference_bad))
        verdicts_SC[here_SC & np.isin(verdicts_SC, barred)] = "undecided"
    return verdicts_SC


def wrong(verdicts_SC: np.ndarray, truth_C: np.ndarray) -> float:
    """The rate of studies with a wrong verdict."""
    false_SC = ~is_right(verdicts_SC, truth_C) & (verdicts_SC != "undecided")
    return float(np.any(false_SC, axis=1).mean())


@dataclass(frozen=True)
class Errors:
    """Studies with a wrong verdict, for the worst truth: about means over all seeds, and over good ones."""

    overall: float
    good: float


def measure(bad: Bad, seeds: int, studies: int, score: Callable[..., np.ndarray]) -> Errors:
    """Simulate studies in which bad runs have the scores that `score(draw, shape)` draws."""
    draw = np.random.default_rng([PATTERNS.index(bad), seeds])
    shape = (studies, ARMS, seeds)
    scores_SAN, bad_SAN, low_SAN = ordinary(draw, shape), bad.mask(draw, shape), score(draw, shape)
    shares_A = np.array([*bad.shares, *([bad.shares[-1]] * (ARMS - 3))])
    drop = HEIGHT - float(low_SAN.mean())
    overall: list[float] = []
    good: list[float] = []
    for truth in TRUTHS:
        for errors, shift_C in (
            # the shift of ordinary runs with which the difference of the means over all runs is the truth
            (overall, (truth * MARGIN + drop * (shares_A[1:] - shares_A[0])) / (1 - shares_A[1:])),
            (good, np.full(ARMS - 1, truth * MARGIN)),
        ):
            shifted_SAN = scores_SAN + np.array([0.0, *shift_C])[:, None]
            judged = judge_studies(np.where(bad_SAN, low_SAN, shifted_SAN), bad_SAN)
            errors.append(wrong(judged, np.full(ARMS - 1, truth * MARGIN)))
    return Errors(max(overall), max(good))


def zero(draw: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """The score of predicting zero."""
    return np.zeros(shape)


def below_zero(draw: np.random.Generator, shape: tuple[int, int, int]) -> np.ndarray:
    """The scores of runs that have learned nothing."""
    return np.minimum(draw.normal(-BELOW, BELOW_SD, shape), 0)


def bad_section(studies: int) -> Iterator[str]:
    kinds = (("diverged", zero), ("learned nothing", below_zero))
    heads = [f"{name}: {what}" for name, _ in kinds for what in ("all seeds", "good seeds")]
    yield f"| bad runs | seeds | {' | '.join(heads)} |"
    yield "|---" * (2 + len(heads)) + "|"
    for bad, seeds in product(PATTERNS, SEEDS):
        found = [measure(bad, seeds, studies, score) for _, score in kinds]
        cells = [shown(error, studies) for one in found for error in (one.overall, one.good)]
        yield f"| {bad.name} | {seeds} | {' | '.join(cells)} |"


def shown(error: float, studies: int) -> str:
    return percent(error, error <= 1 - CONFIDENCE + uncertainty(studies))


def bound_section() -> Iterator[str]:
    """How often an upper bound on the rate of bad seeds holds, by counting runs and by counting seeds."""
    yield "| arms | seeds | none bad: bound by runs | by seeds | it holds, by runs | by seeds |"
    yield "|---|---|---|---|---|---|"
    arms = 6
    for seeds in SEEDS:
        by_runs = [rate(arms * bad, arms * seeds).high for bad in range(seeds + 1)]
        by_seeds = [bad_seed_bound(bad, seeds) for bad in range(seeds + 1)]
        share = by_seeds[0] - 1e-9  # the hardest rate for the bound that no bad seed gives
        held = [holds(bounds, share) for bounds in (by_runs, by_seeds)]
        cells = [percent(by_runs[0]), percent(by_seeds[0]), *(percent(one, one >= CONFIDENCE - 1e-6) for one in held)]
        yield f"| {arms} | {seeds} | {' | '.join(cells)} |"


def holds(bounds: Sequence[float], share: float) -> float:
    """The probability that a bound holds at this true rate of bad seeds; `bounds` are those after 0, 1, ... of them."""
    chances = stats.binom.pmf(np.arange(len(bounds)), len(bounds) - 1, share)
    return float(sum(chance for chance, bound in zip(chances, bounds, strict=True) if share <= bound))


HEAD = """\
<!-- Written by `python -m benchmarks.bad_seeds`; edit the program instead. -->
# Bad runs and the verdicts

{studies:,} simulated studies of {arms} arms for each line, the reference included. Ordinary runs are {height:g} dB
better than predicting zero, their paired differences are normal with a standard deviation of {sd:g} dB, and the margin
M is {margin:g} dB. All numbers are percentages; an error is **bold** if it is over 5 by more than three Monte Carlo
standard errors.

## Studies with a wrong verdict

For the worst of the true differences 0, ½, 1 and 2 M, upwards and downwards. A *diverged* run has the score of
predicting zero; one that has *learned nothing* keeps its own, {below:g} dB below that on average. Either bars verdicts:
an arm with a bad run is never better or equivalent, and if the reference has one, no arm is worse or equivalent. *All
seeds*: the true difference is that of the means over all seeds, including bad ones. *Good seeds*: it is that of the
means over seeds without bad runs.

If only one arm, or only the reference, has bad runs, verdicts about all seeds do not hold: many small studies have not
seen a bad run, and no interval can account for it. So verdicts are about good seeds, for which they hold if up to 20%
of runs are bad. Separately from them, a report gives an upper bound on the rate of bad seeds, and compares the rates of
arms. If half of the runs of one arm or of the reference are bad, *worse* (or *better*) is a statement about all seeds,
not about good ones.

"""

BOUNDS = """
## The bound on the rate of bad seeds

How often the upper bound holds if runs of one seed go wrong together: once for a bound computed from the number of runs
(the upper end of the 95% interval), and once from the number of seeds. The true rate is just below the bound that
follows if no seed has a bad run. The numbers are exact, not simulated.

"""


def page(studies: int) -> str:
    """The page, in Markdown."""
    facts = {"studies": studies, "arms": ARMS, "height": HEIGHT, "sd": SD, "margin": MARGIN, "below": BELOW}
    parts = ((HEAD, bad_section(studies)), (BOUNDS, bound_section()))
    return "".join(head.format(**facts) + "\n".join([*lines, ""]) for head, lines in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    PAGE.write_text(page(parser.parse_args().studies))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
