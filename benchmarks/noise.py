"""Where the noise of scores comes from, and which settings remove it: `python -m benchmarks.noise [--train]`.

For each of three studies the reference, the arm nearest to it and the arm whose differences vary most are trained with
the same seeds. Each training run is scored in several ways:

- `running`: as the notebook scores, with the running averages of BatchNorm;
- `precise`: with statistics estimated with fixed weights (`training.statistics: precise`);
- `precise, averaged`: the same for a moving average of the weights (`training.ema`).

The same again starts from a last convolution near zero (`model.head_init: small`).

Others, from a small head too, end flat: one epoch of warm-up and a cosine to zero from a peak rate that was searched
for, at one, two and three times the notebook's length. They are scored as `precise`.

`--train` searches and trains what is missing, a file per run below `benchmarks/noise/`, and continues after an
interruption. Without it the table is written from these files.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Iterator
from dataclasses import dataclass

import pandas as pd
from scipy import stats

from ablate.statistics.multiplicity import level_of
from ablate.statistics.noise import end_trend
from ablate.statistics.power import MAX_SEEDS, seeds_for
from benchmarks.noise_runs import ARMS, REFERENCE, read_runs, train_all
from benchmarks.pairs import table

MARGIN, COMPARISONS = 0.25, 5
"""In dB, and how many comparisons share the error: those of `heads`."""

HEADINGS = (
    *("way", "arm", "seeds", "test PSNR", "sd over seeds", "within a run", "change per epoch", "difference"),
    *("sd of differences", "skewness", "seeds needed", "settled per hour"),
)


@dataclass(frozen=True)
class Compared:
    """An arm's test PSNR compared with the reference's.

    Attributes:
        difference: mean paired difference in dB, with its standard deviation `sd` and its `skewness`.
        seeds: pairs that would show equivalence at `MARGIN` if the true difference were zero, with 80% power.
        per_hour: how many such comparisons an hour of one core decides.
    """

    difference: float
    sd: float
    skewness: float
    seeds: int
    per_hour: float


@dataclass(frozen=True)
class Line:
    """How noisy one arm is by one way to score.

    Attributes:
        pairs: seeds that the arm and the reference both have.
        level: mean test PSNR in dB; `sd` over the seeds.
        scatter, slope: of the validation PSNR over the last epochs (`statistics.noise.end_trend`).
        compared: with the reference; None for itself.
    """

    way: str
    arm: str
    pairs: int
    level: float
    sd: float
    scatter: float
    slope: float
    compared: Compared | None


def lines(runs: pd.DataFrame) -> Iterator[Line]:
    """A line for each way and arm, of the seeds that the reference has as well."""
    for way, of_way in runs.groupby("way", sort=False):
        scores = of_way.pivot(index="seed", columns="arm", values="test")
        for arm in [name for name in ARMS if name in scores]:
            paired = scores[[*dict.fromkeys([arm, REFERENCE])]].dropna()
            own = of_way[(of_way.arm == arm) & of_way.seed.isin(paired.index)]
            trend = end_trend(own.validation.tolist())
            yield Line(
                way=str(way),
                arm=arm,
                pairs=len(paired),
                level=own.test.mean(),
                sd=own.test.std(),
                scatter=trend.scatter if trend else math.nan,
                slope=trend.slope if trend else math.nan,
                compared=None if arm == REFERENCE else compare(paired[arm] - paired[REFERENCE], own.hours.mean()),
            )


def compare(differences: pd.Series[float], hours: float) -> Compared:
    """What paired differences say, if a run takes so many hours."""
    needed = int(seeds_for(0.0, differences.std(), margin=MARGIN, level=level_of(COMPARISONS)))
    skewness = float(stats.skew(differences, bias=False))
    return Compared(differences.mean(), differences.std(), skewness, needed, 1 / (2 * needed * hours))


def markdown(runs: pd.DataFrame) -> str:
    """The table of all lines."""
    found = []
    for line in lines(runs):
        compared = [""] * 5
        if c := line.compared:
            needed = str(c.seeds) if c.seeds <= MAX_SEEDS else f"over {MAX_SEEDS}"
            compared = [f"{c.difference:+.2f}", f"{c.sd:.2f}", f"{c.skewness:+.1f}", needed, f"{c.per_hour:.2f}"]
        own = [f"{number:.2f}" for number in (line.level, line.sd, line.scatter, line.slope)]
        found.append([line.way, line.arm, str(line.pairs), *own, *compared])
    return table(HEADINGS, found)


def main() -> None:
    """Train, or print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args()
    if chosen.train:
        train_all(chosen.workers)
    else:
        print(markdown(read_runs()))


if __name__ == "__main__":
    main()
