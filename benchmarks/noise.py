"""Where the noise of scores comes from, and which settings remove it: `python -m benchmarks.noise [--train]`.

For each of three studies the reference, the arm nearest to it and the arm whose differences vary most are trained with
the same seeds. Several ways to score are read from the same trainings:

- `running`: as a default run is scored, with the running averages of BatchNorm;
- `precise`: with statistics estimated with fixed weights (`training.statistics: precise`);
- `precise, averaged`: the same for a moving average of the weights (`training.ema`).

`--train` trains what is missing, a file per run in `benchmarks/noise/`, and continues after an interruption. Without it
the table is written from these files.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from scipy import stats
from torch import nn
from torch.optim.swa_utils import update_bn

from ablate.scenes import Split, Task, make_scenes
from ablate.settings import Run, resolve
from ablate.statistics.multiplicity import level_of
from ablate.statistics.noise import end_trend
from ablate.statistics.power import MAX_SEEDS, seeds_for
from ablate.training.evaluation import evaluate
from ablate.training.loop import STATISTICS_SCENES, Trainer
from benchmarks.pairs import table

FOLDER = Path(__file__).parent / "noise"
SEEDS = range(8)
DECAY = 0.99
"""Of the moving average, per step: about three epochs."""

MARGIN, COMPARISONS = 0.25, 5
"""In dB, and how many comparisons share the error: those of `heads`."""

HEADINGS = (
    *("way", "arm", "seeds", "test PSNR", "sd over seeds", "within a run", "change per epoch", "difference"),
    *("sd of differences", "skewness", "seeds needed", "settled per hour"),
)

REFERENCE = "reference"
ARMS: dict[str, dict[str, Any]] = {
    REFERENCE: {},
    "heads=8": {"model.heads": 8},
    "heads=1": {"model.heads": 1},
    "depth=2": {"model.depth": 2},
    "depth=8": {"model.depth": 8},
    "decoder=bilinear": {"model.decoder": "bilinear"},
    "decoder=linear": {"model.decoder": "linear"},
}
"""Of heads, depth and decoders: the arm nearest to the reference, and the one whose differences vary most."""


def score_all_ways(run: Run) -> dict[str, Any]:
    """Train a run; for each way to score it, its validation PSNR by epoch and its test PSNR, best and last."""
    began = time.process_time()
    watched = run.model_copy(update={"training": run.training.model_copy(update={"ema": DECAY})})
    trainer = Trainer(watched, "cpu")
    best: dict[str, dict[str, Any]] = {}
    curves: dict[str, list[float]] = {}
    train_seconds = 0.0
    for epoch in range(run.training.epochs):
        started = time.process_time()
        trainer.train_epoch(epoch)
        train_seconds += time.process_time() - started
        for way, model in ways(trainer, epoch):
            score = _psnr(model, run, "validation")
            if all(score > earlier for earlier in curves.setdefault(way, [])):
                best[way] = deepcopy(model.state_dict())
            curves[way].append(score)
    scores = {}
    for way, model in ways(trainer, run.training.epochs - 1):
        last = _psnr(model, run, "test")
        model.load_state_dict(best[way])
        scores[way] = {"validation": curves[way], "last": last, "test": _psnr(model, run, "test")}
    return {"train_seconds": train_seconds, "seconds": time.process_time() - began, "ways": scores}


def ways(trainer: Trainer, epoch: int) -> Iterator[tuple[str, nn.Module]]:
    """Copies of the network as each way scores it after an epoch."""
    assert trainer.average
    for way, source in (("precise", trainer.model), ("precise, averaged", trainer.average.module)):
        model = deepcopy(source)
        noisy, _ = make_scenes(STATISTICS_SCENES, trainer.run.seed, epoch=epoch, task=trainer.task)
        update_bn(noisy.split(trainer.run.training.batch), model)
        yield way, model.eval()
    yield "running", deepcopy(trainer.model).eval()


def _psnr(model: nn.Module, run: Run, split: Split) -> float:
    count = run.data.validation if split == "validation" else run.data.test
    return evaluate(model, Task.of(run.model, run.data), split, count, "cpu").scores["psnr"]


def run_of(arm: str, seed: int, **changes: Any) -> Run:
    """The default run of an arm and a seed."""
    return resolve({**ARMS[arm], **changes}).run(seed)


def train_one(arm: str, seed: int) -> Path:
    """Train and write a run, unless it has been written before."""
    path = FOLDER / f"{arm}-{seed}.json"
    if not path.exists():
        torch.set_num_threads(1)
        text = json.dumps(score_all_ways(run_of(arm, seed)))
        path.with_suffix(".part").write_text(text)
        os.replace(path.with_suffix(".part"), path)
    return path


def train_all(workers: int) -> None:
    """Train what is missing, seed by seed, so that the first seeds of all arms are complete early."""
    FOLDER.mkdir(exist_ok=True)
    with ProcessPoolExecutor(workers) as pool:
        runs = [pool.submit(train_one, arm, seed) for seed in SEEDS for arm in ARMS]
        for run in runs:
            print(run.result().name, flush=True)


def read_runs() -> pd.DataFrame:
    """One row per recorded run and way: arm, seed, way, test (dB), validation (dB by epoch), hours."""
    rows = []
    for path in sorted(FOLDER.glob("*.json")):
        arm, seed = path.stem.rsplit("-", 1)
        found = json.loads(path.read_text())
        for way, scores in found["ways"].items():
            hours = found["train_seconds"] / 3600
            rows.append({"arm": arm, "seed": int(seed), "way": way, "hours": hours, **scores})
    return pd.DataFrame(rows)


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
