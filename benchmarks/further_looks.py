"""How often verdicts are wrong if seeds are added whenever a report leaves something undecided.

    python -m benchmarks.further_looks        # writes benchmarks/further_looks.md, in a minute on one core

Reports warn of such uncorrected looks, and quote this page. The true difference is zero, and the noise is normal. Shape
legend: S studies, C compared arms.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np

from ablate.statistics.multiplicity import level_of
from ablate.statistics.prospects import judge_moments
from ablate.statistics.verdicts import DECIDED
from benchmarks.calibration import MARGIN, percent

ARMS = (2, 5, 10)
"""Sizes of study, the reference included."""

SEEDS = 5
"""At the first look, and added before each further one."""

SD = 4 * MARGIN
"""Of the paired differences: so large that hardly any arm is found to be equivalent, and most need more seeds."""

FURTHER = (0, 1, 2, 3, 5, 10, 20, 50)
STUDIES = 20_000
PAGE = Path(__file__).with_suffix(".md")


def simulate(arms: int, studies: int) -> list[float]:
    """The share of studies with a wrong verdict so far, after each of `max(FURTHER)` further looks."""
    draw, compared = np.random.default_rng(arms), arms - 1
    sum_SC, squares_SC = np.zeros((studies, compared)), np.zeros((studies, compared))
    going_SC, wrong_S, shares = np.ones((studies, compared), bool), np.zeros(studies, bool), []
    for look in range(1, max(FURTHER) + 2):
        # the noise of the reference is in all differences of a study
        scores_SAN = draw.normal(0, SD / math.sqrt(2), (studies, arms, SEEDS))
        differences_SCN = scores_SAN[:, 1:] - scores_SAN[:, :1]
        sum_SC += differences_SCN.sum(axis=-1)
        squares_SC += np.square(differences_SCN).sum(axis=-1)
        count = look * SEEDS
        mean_SC = sum_SC / count
        sd_SC = np.sqrt((squares_SC - count * mean_SC**2) / (count - 1))
        found_SC = judge_moments(mean_SC, sd_SC, count, level_of(compared), MARGIN)
        wrong_S |= np.any(going_SC & np.isin(found_SC, ("better", "worse")), axis=1)
        going_SC &= ~np.isin(found_SC, DECIDED)
        shares.append(float(wrong_S.mean()))
    return shares


HEAD = """\
<!-- Written by `python -m benchmarks.further_looks`; edit the program instead. -->
# Further looks: wrong verdicts if seeds are added until something is decided

{studies:,} simulated studies for each number of arms (including the reference), of {seeds} seeds. After each report,
{seeds} more seeds are added for what is still undecided, and it is judged as if their number had been fixed. All true
differences are zero; the paired differences are normal, with a standard deviation of {sd:g} times the margin. Numbers
are percentages of studies with a wrong verdict so far; nominal: 5.

"""


def page(studies: int) -> str:
    """The page, in Markdown."""
    found = {arms: simulate(arms, studies) for arms in ARMS}
    lines = ["| arms |" + "".join(f" {further} further |" for further in FURTHER), "|---" * (1 + len(FURTHER)) + "|"]
    lines += [f"| {arms} |" + "".join(f" {percent(shares[n])} |" for n in FURTHER) for arms, shares in found.items()]
    return HEAD.format(studies=studies, seeds=SEEDS, sd=SD / MARGIN) + "\n".join([*lines, ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each size")
    PAGE.write_text(page(parser.parse_args().studies))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
