"""When to spend the error over looks: how many arms are settled per run, over the effects that our studies recorded.

    python -m benchmarks.spending        # writes benchmarks/spending.md, in a minute on one core

Each recorded study is simulated again and again with its measured means as the truth, and with normal noise of its
measured covariance. Shape legend: S studies, A arms, C compared arms, N seeds.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ablate.reporting import REPORTS
from ablate.studies.loading import load_study
from benchmarks.calibration import is_right, percent
from benchmarks.looks import ARMS, LOOKS, SPREADS, TRUTHS, Plan, Rule, judge_studies, obrien_fleming, simulate, spend_by
from benchmarks.noises import SD


def hwang_shih_decani(gamma: float) -> Plan:
    """The looks of their family (1990, Statistics in Medicine 9): evenly for 0, later for numbers below it."""

    def spent(fraction: float) -> float:
        return fraction if gamma == 0 else math.expm1(-gamma * fraction) / math.expm1(-gamma)

    return lambda compared: spend_by(spent)


GAMMAS = (1, 0, -1, -2, -3, -4)
RULES = (
    *(Rule(f"gamma {gamma}", "", hwang_shih_decani(gamma), futility=True) for gamma in GAMMAS),
    Rule("O'Brien-Fleming", "", obrien_fleming, futility=True),
)
EVEN, MIDDLE, LATE = (RULES[place] for place in (1, 3, -1))

STUDIES = 4000
PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Recorded:
    """The mean scores of the arms of a study (A,), their covariance over seeds (A, A), and the columns of compared arms
    and of their references (C,).
    """

    name: str
    means: np.ndarray
    covariance: np.ndarray
    arms: np.ndarray
    references: np.ndarray


def recorded_studies() -> list[Recorded]:
    """The studies whose data are committed."""
    return [_read(path) for path in sorted(REPORTS.glob("*/data/runs.csv"))]


def _read(path: Path) -> Recorded:
    study = load_study(Path("experiments") / f"{path.parts[-3]}.yaml")
    runs = pd.read_csv(path)
    if not study.tunings:  # by the ids of runs, since data can have earlier names of arms
        cells = study.with_changes(requested_seeds=int(runs.seed.max()) + 1).cells
        runs["arm"] = runs.run.map({cell.run.id: cell.arm.name for cell in cells})
    table = runs.pivot(index="seed", columns="arm", values=study.study.metric)
    columns = {arm: place for place, arm in enumerate(table.columns)}
    arms, references = ([columns[name] for name in names] for names in (study.against, study.against.values()))
    means, covariance = table.mean().to_numpy(), table.cov().to_numpy()  # arms can have other seeds, with looks
    return Recorded(study.name, means, covariance, np.array(arms), np.array(references))


@dataclass(frozen=True)
class Settled:
    """Compared arms in all simulated studies, those that were settled rightly or wrongly, and the runs that it took."""

    arms: int
    right: int
    wrong: int
    runs: int
    planned: int

    @property
    def per_run(self) -> float:
        return self.right / self.runs


def settle(rule: Rule, study: Recorded, studies: int) -> Settled:
    """Simulate a recorded study; each rule gets the same scores, and each call gives the same numbers."""
    arms, references = study.arms, study.references
    draw = np.random.default_rng(len(study.name))
    shape = (studies, LOOKS[-1])
    scores_SNA = draw.multivariate_normal(study.means, study.covariance, shape, check_valid="ignore", method="eigh")
    differences_SCN = np.moveaxis(scores_SNA[..., arms] - scores_SNA[..., references], 1, 2)
    verdicts_SC, used_SC, _ = judge_studies(rule, differences_SCN)
    right_SC = is_right(verdicts_SC, study.means[arms] - study.means[references])
    # a reference continues for as long as one of its arms does
    of_references = sum(used_SC[:, references == one].max(axis=1).sum() for one in np.unique(references))
    return Settled(
        arms=right_SC.size,
        right=int(right_SC.sum()),
        wrong=int((~right_SC & (verdicts_SC != "undecided")).sum()),
        runs=int(used_SC.sum() + of_references),
        planned=studies * LOOKS[-1] * (len(arms) + len(np.unique(references))),
    )


def total(rule: Rule, recorded: list[Recorded], studies: int) -> Settled:
    """The sum over all recorded studies."""
    found = [settle(rule, study, studies) for study in recorded]
    return Settled(*(sum(getattr(one, name) for one in found) for name in Settled.__dataclass_fields__))


def row(rule: Rule, found: Settled) -> str:
    name = f"**{rule.name}**" if rule is EVEN else rule.name
    rates = (found.right / found.arms, found.wrong / found.arms, found.runs / found.planned)
    return f"| {name} | {' | '.join(map(percent, rates))} | {100 * found.per_run:.2f} |"


def table(recorded: list[Recorded], studies: int) -> Iterator[str]:
    yield "| spending | settled | wrongly | runs | settled per 100 runs |"
    yield "|---|---|---|---|---|"
    yield from (row(rule, total(rule, recorded, studies)) for rule in RULES)


def elsewhere(studies: int) -> Iterator[str]:
    """A line per size of effect and spread, for five arms: what is found, with how many runs, by three rules."""
    rules = (EVEN, MIDDLE, LATE)
    yield f"| true difference | sd (dB) |{''.join(f' right, {rule.name} | runs |' for rule in rules)}"
    yield "|---" * (2 + 2 * len(rules)) + "|"
    for truth in TRUTHS:
        for scale in SPREADS:
            found = [simulate(rule, ARMS[1], scale, truth, studies) for rule in rules]
            cells = "".join(f" {percent(one.power)} | {percent(one.runs)} |" for one in found)
            yield f"| {truth:g} M | {scale * SD:g} |{cells}"


HEAD = """\
<!-- Written by `python -m benchmarks.spending`; edit the program instead. -->
# Spending the error over looks

When the 5% error of a study with several looks should be spent: evenly, or mostly at the last looks.

At a look after a fraction t of all seeds, (exp(-gamma t) - 1) / (exp(-gamma) - 1) of a comparison's error has been
spent (Hwang, Shih and DeCani 1990): evenly for gamma 0, later for gamma below 0. Looks are at {looks} seeds, and arms
are given up as futile. **Bold** is our rule (`ablate.statistics.multiplicity.spend`). All numbers but the last column
are percentages.

## Over the effects that our studies recorded

The {count} studies below `reports/`, each simulated {studies:,} times:
the measured means are the truth, and the noise is normal with the measured covariance. *Settled*: compared arms with a
right verdict. *Runs*: relative to {last} seeds for every arm, references included.

"""


ELSEWHERE = """\

## What that costs elsewhere

Five arms, normal noise, {studies:,} simulated studies for each line; M is the margin. Spending evenly finds less than
spending late where arms are equal or differ by about a margin, and the spread is about as large as the margin.

"""


def page(studies: int) -> str:
    """The page, in Markdown."""
    recorded = recorded_studies()
    facts = {"looks": ", ".join(map(str, LOOKS)), "last": LOOKS[-1], "count": len(recorded), "studies": studies}
    parts = (HEAD, table(recorded, studies)), (ELSEWHERE, elsewhere(studies))
    return "".join(head.format(**facts) + "\n".join([*lines, ""]) for head, lines in parts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    PAGE.write_text(page(parser.parse_args().studies))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
