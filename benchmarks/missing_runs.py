"""What `missing` does to studies some of whose runs never end: comparisons that wait, and wrong verdicts.

    python -m benchmarks.missing_runs        # writes benchmarks/missing_runs.md, in a minute on one core

Scores are relative to those of predicting zero. Shape legend: S studies, A arms (the reference first), C compared arms,
N seeds.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import numpy as np

from ablate.statistics.multiplicity import CONFIDENCE
from ablate.statistics.verdicts import compare_pairs
from benchmarks.bad_seeds import HEIGHT, TRUTHS, ordinary
from benchmarks.calibration import MARGIN, is_right, percent, uncertainty
from benchmarks.noises import SD

RATE, SEEDS, COMPARISONS, ALLOWED = 0.05, 12, (3, 5), (0, 1, 2)
STUDIES = 500
PARTS = slice(1, None), slice(0, 1)
"""The compared arms, and the reference."""

PAGE = Path(__file__).with_suffix(".md")


@dataclass(frozen=True)
class Missing:
    """Runs that never end: of all arms, of the first compared one, or all of a seed; `counted` if they failed."""

    name: str
    counted: bool
    lowest: bool
    only_first: bool = False
    together: bool = False


PATTERNS = (
    Missing("any run fails", counted=True, lowest=False),
    Missing("any run times out", counted=False, lowest=False),
    Missing("the lowest runs fail", counted=True, lowest=True),
    Missing("the lowest runs time out", counted=False, lowest=True),
    Missing("the lowest runs of one arm fail", counted=True, lowest=True, only_first=True),
    Missing("the lowest runs of one arm time out", counted=False, lowest=True, only_first=True),
    # append only: a pattern's place seeds its simulation
    Missing("all runs of a seed fail", counted=True, lowest=False, together=True),
    Missing("all runs of a seed time out", counted=False, lowest=False, together=True),
)


@dataclass(frozen=True)
class Found:
    """Of simulated studies: the share of comparisons that wait, and of studies with a wrong verdict."""

    waiting: float
    wrong: float


def find_missing(pattern: Missing, draw: np.random.Generator, scores_SAN: np.ndarray) -> np.ndarray:
    """Which runs (S, A, N) never end: any of each arm, or all of any seed, or those below the quantile of RATE."""
    studies, arms, seeds = scores_SAN.shape
    chances_SAN = scores_SAN if pattern.lowest else draw.random((studies, 1 if pattern.together else arms, seeds))
    gone_SAN = np.zeros(scores_SAN.shape, bool)
    limit_1A1 = np.quantile(scores_SAN, RATE, axis=(0, 2), keepdims=True) if pattern.lowest else RATE
    some = slice(1, 2) if pattern.only_first else slice(None)
    gone_SAN[:, some] = (chances_SAN < limit_1A1)[:, some]
    return gone_SAN


def measure(pattern: Missing, comparisons: int, missing: int, studies: int) -> Found:
    """Simulate studies; their errors are those for the worst truth, about runs of which none is missing."""
    draw = np.random.default_rng([PATTERNS.index(pattern), comparisons])
    ordinary_SAN = ordinary(draw, (studies, comparisons + 1, SEEDS))
    gone_SAN = find_missing(pattern, draw, ordinary_SAN)
    waiting, wrong = 0.0, 0.0
    for truth in TRUTHS:
        shift_A = np.array([0.0, *[truth * MARGIN] * comparisons])
        scores_SAN = np.where(gone_SAN, 0.0 if pattern.counted else np.nan, ordinary_SAN + shift_A[:, None])
        verdicts_SC = judge(scores_SAN, gone_SAN, missing, counted=pattern.counted)
        false_SC = ~is_right(verdicts_SC, np.full(comparisons, truth * MARGIN))
        false_SC &= ~np.isin(verdicts_SC, ("undecided", "waiting"))
        waiting = float((verdicts_SC == "waiting").mean())  # the same for every truth
        wrong = max(wrong, float(false_SC.any(axis=1).mean()))
    return Found(waiting, wrong)


def judge(scores_SAN: np.ndarray, gone_SAN: np.ndarray, missing: int, *, counted: bool) -> np.ndarray:
    """The verdicts (S, C) of studies that state `missing`."""
    arms_SCN, references_SCN = np.broadcast_arrays(scores_SAN[:, 1:], scores_SAN[:, :1])
    bad_SC, reference_bad_SC = np.broadcast_arrays(*(gone_SAN[:, some].any(axis=2) & counted for some in PARTS))
    found = compare_pairs(
        arms_SCN.reshape(-1, SEEDS),
        references_SCN.reshape(-1, SEEDS),
        margin=MARGIN,
        comparisons=arms_SCN.shape[1],
        arms_bad=bad_SC.ravel().tolist(),
        references_bad=reference_bad_SC.ravel().tolist(),
        lacking=(gone_SAN[:, 1:] | gone_SAN[:, :1]).reshape(-1, SEEDS),
        missing=missing,
    )
    return np.array([comparison.verdict for comparison in found]).reshape(bad_SC.shape)


def section(studies: int) -> Iterator[str]:
    yield "| runs | comparisons | `missing` | comparisons that wait | studies with a wrong verdict |"
    yield "|---|---|---|---|---|"
    for pattern, comparisons, missing in product(PATTERNS, COMPARISONS, ALLOWED):
        found = measure(pattern, comparisons, missing, studies)
        yield f"| {pattern.name} | {comparisons} | {missing} | {cells(found, studies)} |"


def cells(found: Found, studies: int) -> str:
    """The two numbers of a row."""
    kept = found.wrong <= 1 - CONFIDENCE + uncertainty(studies)
    return f"{percent(found.waiting)} | {percent(found.wrong, kept)}"


HEAD = """\
<!-- Written by `python -m benchmarks.missing_runs`; edit the program instead. -->
# Runs that never end

What the key `missing` of a study does to comparisons whose runs never end: how many wait, and how many are wrong.

{studies:,} simulated studies with {seeds} seeds for each line and each true difference. Runs are {height:g} dB better
than predicting zero, their paired differences are normal with a standard deviation of {sd:g} dB, and the margin M is
{margin:g} dB. 5% of the runs of each arm, the reference included, or of one arm alone never end: any of them, those
with the lowest scores, or all runs of a seed together. A run that *fails* counts as predicting zero and as a bad run,
so an arm with one is never better or equivalent, and if the reference has one, no arm is worse or equivalent. One that
*times out* is left out with its pair. With `missing: 0` a comparison waits for either. All numbers are percentages; an
error is **bold** if it is over 5 by more than three Monte Carlo standard errors.

*Wrong* is for the worst of the true differences 0, ½, 1 and 2 M, upwards and downwards, of the arms if all of their
runs had ended.

"""


def page(studies: int) -> str:
    """The page, in Markdown."""
    facts = {"studies": studies, "seeds": SEEDS, "height": HEIGHT, "sd": SD, "margin": MARGIN}
    return HEAD.format(**facts) + "\n".join([*section(studies), ""])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--studies", type=int, default=STUDIES, help="simulated studies of each kind")
    PAGE.write_text(page(parser.parse_args().studies))
    print(PAGE.read_text())


if __name__ == "__main__":
    main()
