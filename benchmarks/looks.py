"""How repeated looks at a study raise its errors, and how many runs they save, for several rules.

    python -m benchmarks.looks        # writes benchmarks/looks.md, in some minutes on one core

The studies are simulated: every compared arm differs from the reference by the same known amount, the truth. Our rule
is the one of `ablate.statistics.course`, from which its levels and its futility are taken. Shape legend: S studies,
C compared arms, N seeds, K looks.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from pathlib import Path

import numpy as np
from scipy import stats

from ablate.statistics.multiplicity import CONFIDENCE, Look, spend
from ablate.statistics.prospects import follow_all
from benchmarks.calibration import MARGIN, is_right, measure, percent, uncertainty
from benchmarks.noises import NOISES, SD, Noise

LOOKS = (3, 5, 8, 12)
ARMS = (2, 5, 10)
"""Sizes of study, the reference included."""

SPREADS = NOISES[0].scales
"""Factors of the standard deviation, which is that of 1 and 4 heads; arms that differ more also vary more."""

AUDIT = (
    ("heads, recorded", 6),
    ("depth, recorded", 5),
    ("12 normal seeds", 6),
    ("skewness 2, every arm", 5),
    ("reference drops", 5),
    ("windfalls", 2),
)
"""The kinds of noise that an audit of the rule used, each with a size of study."""

TRUTHS = (0.0, 0.5, 1.0, 2.0)
"""True differences, in margins."""

STUDIES = 20_000
PAGE = Path(__file__).with_suffix(".md")
Plan = Callable[[int], tuple[Look, ...]]
"""Number of compared arms -> the looks, each with its share of the error."""


@dataclass(frozen=True)
class Rule:
    """How a study is judged: its looks, and whether arms are given up as futile."""

    name: str
    about: str
    plan: Plan
    futility: bool = False


def evenly(compared: int) -> tuple[Look, ...]:
    return spend(LOOKS)


def spend_by(spent: Callable[[float], float]) -> tuple[Look, ...]:
    """The looks by a spending function: a fraction of all seeds -> the part of the error that is spent by then."""
    shares = pairwise(spent(seeds / LOOKS[-1]) for seeds in (0, *LOOKS))
    return tuple(Look(seeds, now - before) for seeds, (before, now) in zip(LOOKS, shares, strict=True))


def uncorrected(compared: int) -> tuple[Look, ...]:
    return tuple(Look(seeds) for seeds in LOOKS)


def obrien_fleming(compared: int) -> tuple[Look, ...]:
    """The spending function of Lan and DeMets (1983) that resembles O'Brien and Fleming's bounds."""
    error = (1 - CONFIDENCE) / compared
    bound = stats.norm.isf(error / 2)
    return spend_by(lambda fraction: float(2 * stats.norm.sf(bound / math.sqrt(fraction)) / error) if fraction else 0.0)


def fixed(compared: int) -> tuple[Look, ...]:
    """Decide nothing before the last look: an interval of confidence 1 contains every value."""
    return tuple(Look(seeds, float(seeds == LOOKS[-1])) for seeds in LOOKS)


RULES = (
    Rule("ours", "the error spent evenly over the seeds, arms given up as futile", evenly, futility=True),
    Rule("ours, no futility", "the same, but every undecided arm continues to the last look", evenly),
    Rule("O'Brien-Fleming", "the error spent late, as O'Brien and Fleming's bounds do", obrien_fleming, futility=True),
    Rule("uncorrected", "at each look the intervals of the fixed design", uncorrected),
    Rule("fixed design", "one look, at all 12 seeds", fixed),
)


@dataclass(frozen=True)
class Outcome:
    """What was measured; rates are fractions.

    Attributes:
        error: studies with a wrong verdict.
        power: compared arms with a right verdict.
        early: compared arms with a verdict at the first look.
        runs: runs used, as a fraction of those of the fixed design; the reference's are included.
    """

    error: float
    power: float
    early: float
    runs: float


def simulate(rule: Rule, arms: int, scale: float, truth: float, studies: int, noise: Noise = NOISES[0]) -> Outcome:
    """Judge simulated studies by a rule; each rule gets the same studies, and each call gives the same numbers."""
    draw = np.random.default_rng([NOISES.index(noise), arms, round(1000 * scale)])
    scores_SAN = scale * noise.draw(draw, (studies, arms, LOOKS[-1]))
    verdicts_SC, used_SC, early_SC = judge_studies(rule, scores_SAN[:, 1:] - scores_SAN[:, :1] + truth * MARGIN)
    correct_SC = is_right(verdicts_SC, np.full(arms - 1, truth * MARGIN))
    wrong_SC = ~correct_SC & (verdicts_SC != "undecided")
    runs = used_SC.sum(axis=1) + used_SC.max(axis=1)  # the reference continues as long as any arm
    return Outcome(
        error=float(np.any(wrong_SC, axis=1).mean()),
        power=float(correct_SC.mean()),
        early=float(early_SC.mean()),
        runs=float(runs.mean() / (arms * LOOKS[-1])),
    )


def judge_studies(rule: Rule, differences_SCN: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Paired differences -> each arm's verdict, the seeds that it used, and whether the first look decided it."""
    found = follow_all(rule.plan(differences_SCN.shape[1]), differences_SCN, MARGIN, futility=rule.futility)
    return found.verdicts, found.used, found.early


def section(rule: Rule, studies: int) -> Iterator[str]:
    """A rule's table: a line for each number of arms and each spread."""
    yield f"## {rule.name}: {rule.about}\n"
    heads = ["arms", "sd (dB)", *(f"{what}, {truth:g} M" for what in ("wrong", "right", "runs") for truth in TRUTHS)]
    yield f"| {' | '.join([*heads, 'at 3 seeds, 2 M'])} |"
    yield "|---" * (len(heads) + 1) + "|"
    yield from (row(rule, *size, studies) for size in product(ARMS, SPREADS))
    yield ""


def row(rule: Rule, arms: int, scale: float, studies: int) -> str:
    """The line of a rule's table for this size of study and this spread."""
    found = [simulate(rule, arms, scale, truth, studies) for truth in TRUTHS]
    wrong = [rate(one.error, studies) for one in found]
    rates = [percent(getattr(one, name)) for name in ("power", "runs") for one in found]
    return f"| {' | '.join([str(arms), f'{scale * SD:g}', *wrong, *rates, percent(found[-1].early)])} |"


def summary(studies: int) -> Iterator[str]:
    """A line per rule: five arms, where the rules differ. A mean over spreads would hide that behind cells of 100%."""
    cases = ((2.0, 0.0), (2.0, 1.0), (5.0, 2.0))
    heads = [f"{what}, {truth:g} M, {scale * SD:g} dB" for scale, truth in cases for what in ("right", "runs")]
    yield f"| rule | wrong, worst | {' | '.join(heads)} |"
    yield "|---" * (2 + len(heads)) + "|"
    for rule in RULES:
        found = [simulate(rule, 5, *case, studies) for case in cases]
        cells = [percent(number) for one in found for number in (one.power, one.runs)]
        yield f"| {rule.name} | {rate(worst(rule, NOISES[0], studies), studies)} | {' | '.join(cells)} |"


def errors(studies: int) -> Iterator[str]:
    """The worst error of each rule under each kind of noise."""
    yield f"| noise |{''.join(f' {rule.name} |' for rule in RULES)}"
    yield "|---" * (1 + len(RULES)) + "|"
    for noise in NOISES:
        found = (rate(worst(rule, noise, studies), studies) for rule in RULES)
        yield f"| {noise.name} |{''.join(f' {one} |' for one in found)}"


def worst(rule: Rule, noise: Noise, studies: int, arms: Collection[int] = ()) -> float:
    """The highest rate of studies with a wrong verdict, over numbers of arms, spreads, and truths of both signs."""
    sizes = arms or [count for count in noise.arms if count <= max(ARMS)]
    truths = {sign * truth for sign in (-1, 1) for truth in TRUTHS}
    return max(simulate(rule, *kind, studies, noise).error for kind in product(sizes, noise.scales, truths))


def audit(studies: int) -> Iterator[str]:
    """A line per noise of the audit: joint coverage with a fixed number of seeds, and the error with looks."""
    yield f"| noise | arms |{''.join(f' {seeds} seeds |' for seeds in LOOKS)} wrong with looks |"
    yield "|---" * (3 + len(LOOKS)) + "|"
    yield from (audit_row(*case, studies) for case in AUDIT)


def audit_row(name: str, arms: int, studies: int) -> str:
    """The line of one noise and one size of study."""
    (noise,) = (noise for noise in NOISES if noise.name == name)
    coverage = (measure(noise, arms, seeds, studies) for seeds in LOOKS)
    cells = [percent(cell.coverage, cell.is_covered) for cell in coverage]
    wrong = worst(RULES[0], noise, studies, (arms,))
    return f"| {noise.name} | {arms} | {' | '.join(cells)} | {rate(wrong, studies)} |"


def rate(error: float, studies: int) -> str:
    return percent(error, error <= 1 - CONFIDENCE + uncertainty(studies))


HEAD = """\
<!-- Written by `python -m benchmarks.looks`; edit the program instead. -->
# Looks: errors, power and runs

{studies:,} simulated studies for each number of arms (including the reference), spread and truth, with looks at {looks}
seeds. Every compared arm differs from the reference by 0, ½, 1 or 2 margins M of {margin:g} dB. All numbers are
percentages.

- *wrong*: studies with one or more wrong verdicts (the family-wise error over all looks); nominal: 5 or less, and
  **bold** if it is more by over three Monte Carlo standard errors ({error:.2f}). *Equivalent* is wrong from 1 M on,
  *better* and *worse* are wrong at zero and against the sign.
- *right*: compared arms with a right verdict at the end (the power).
- *runs*: runs used, relative to {last} seeds for every arm.
- *at 3 seeds*: compared arms that the first look decides.

The first table is for normal noise. Except for the worst error, its columns are for five arms, with true differences
and standard deviations of the paired differences for which the rules differ most; further below are all of them.
*Worst* is over all numbers of arms and spreads, and over true differences upwards and downwards.

"""


AUDIT_HEAD = """\
With a fixed number of seeds: studies in which every interval contains its true difference (nominal: 95 or more). With
looks: studies with a wrong verdict (nominal: 5 or less), for the worst true difference.
"""


def page(studies: int) -> str:
    """The page, in Markdown."""
    facts = {"studies": studies, "margin": MARGIN, "last": LOOKS[-1], "error": 100 * math.sqrt(0.05 * 0.95 / studies)}
    looks = ", ".join(map(str, LOOKS))
    noises = ["", "## Wrong verdicts, worst, by kind of noise (as in calibration.md)\n", *errors(studies), ""]
    noises += ["## Studies in which all intervals hold, and wrong verdicts by our rule with looks\n", AUDIT_HEAD]
    noises += [*audit(studies), ""]
    sections = [line for rule in RULES for line in section(rule, studies)]
    return HEAD.format(looks=looks, **facts) + "\n".join([*summary(studies), *noises, *sections])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    PAGE.write_text(page(parser.parse_args().studies))
    print(PAGE.read_text().split("## ours")[0])


if __name__ == "__main__":
    main()
