"""The training runs behind the table of noise: which runs, at which rates, scored how. See `benchmarks.noise`."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import torch
from torch import nn
from torch.optim.swa_utils import update_bn

import ablate
from ablate.data.sources import make_scenes
from ablate.data.task import Split, Task
from ablate.overrides import resolve
from ablate.project import STATE
from ablate.settings import Run
from ablate.training.evaluation import evaluate
from ablate.training.loop import STATISTICS_SCENES, Trainer

FOLDER = Path(__file__).parent / "noise"
SEEDS = range(8)
DECAY = 0.99
"""Of the moving average, per step: about three epochs."""

RATE = "training.rate"
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


@dataclass(frozen=True)
class Training:
    """How all arms are trained, and the ways in which each such training is scored.

    Attributes:
        folder: of its runs, a file each; and of `search.yaml` and `search.csv`, if its rate is searched for.
        ways: what the table calls each way, by the name that it has in the files.
    """

    folder: Path
    ways: dict[str, str]
    changes: dict[str, Any] = field(default_factory=dict)

    @property
    def search_file(self) -> Path:
        """The search for the rate, on the reference."""
        return self.folder / "search.yaml"

    def run(self, arm: str, seed: int, **changes: Any) -> Run:
        """The run of an arm and a seed. A rate that is searched for must have been found."""
        rate = {RATE: best_rate(self.folder)} if self.search_file.exists() and RATE not in changes else {}
        return resolve({**self.changes, **rate, **ARMS[arm], **changes}).run(seed)

    def path(self, arm: str, seed: int) -> Path:
        """The file of a run."""
        return self.folder / f"{arm}-{seed}.json"


CONSTANT = Training(
    FOLDER, {way: way for way in ("precise", "precise, averaged", "running")}, {"model.head_init": "torch"}
)
"""The notebook's training: a constant rate of 1e-3."""

SMALL_HEAD = Training(
    FOLDER / "small-head", {way: f"{way}, small head" for way in CONSTANT.ways}, {"model.head_init": "small"}
)
"""The same from a last convolution near zero, which avoids late starts (`benchmarks/late_starters.md`)."""


def _cosine(length: int) -> Training:
    schedule = {"training.epochs": 30 * length, "training.schedule": "cosine", "training.warmup": 1}
    ways = {"precise": f"precise, small head, cosine, {length} × 30 epochs"}
    return Training(FOLDER / f"cosine-{length}x", ways, schedule | SMALL_HEAD.changes)


SEARCHED = [*map(_cosine, (1, 2, 3))]
"""Training with a rate that ends at zero, from a peak rate that is searched for."""

TRAININGS = [CONSTANT, SMALL_HEAD, *SEARCHED]


def search_rate(training: Training) -> None:
    """Search for the rate as `ablate search` does, unless it has been found; continues after an interruption."""
    found = training.folder / "search.csv"
    work = training.folder / STATE / "search"  # for the record, MLflow's store and the report, which git ignores
    if not training.search_file.exists() or found.exists():
        return
    (work / STATE).mkdir(parents=True, exist_ok=True)  # so that the record of no folder above is used
    with contextlib.chdir(work):
        trials = ablate.search(training.search_file, workers=1, device="cpu").trials
    _write(found, trials[["trial", "state", "value", RATE]].to_csv(index=False))


def best_rate(folder: Path) -> float:
    """The rate of the best trial of a search that has ended."""
    trials = pd.read_csv(folder / "search.csv")
    return float(trials.nlargest(1, "value")[RATE].iloc[0])


def score(run: Run, names: Sequence[str]) -> dict[str, Any]:
    """Train a run; for each way to score it, its validation PSNR by epoch and its test PSNR, best and last."""
    began = time.process_time()
    ema = DECAY if "precise, averaged" in names else 0.0
    trainer = Trainer(run.model_copy(update={"training": run.training.model_copy(update={"ema": ema})}), "cpu")
    best: dict[str, dict[str, Any]] = {}
    curves: dict[str, list[float]] = {}
    train_seconds = 0.0
    for epoch in range(run.training.epochs):
        started = time.process_time()
        trainer.train_epoch(epoch)
        train_seconds += time.process_time() - started
        for way, model in ways(trainer, epoch, names):
            score = _psnr(model, run, "validation")
            if all(score > earlier for earlier in curves.setdefault(way, [])):
                best[way] = deepcopy(model.state_dict())
            curves[way].append(score)
    scores = {}
    for way, model in ways(trainer, run.training.epochs - 1, names):
        last = _psnr(model, run, "test")
        model.load_state_dict(best[way])
        scores[way] = {"validation": curves[way], "last": last, "test": _psnr(model, run, "test")}
    return {"train_seconds": train_seconds, "seconds": time.process_time() - began, "ways": scores}


def ways(trainer: Trainer, epoch: int, names: Sequence[str]) -> Iterator[tuple[str, nn.Module]]:
    """Copies of the network as each of the named ways scores it after an epoch."""
    for way in names:
        model = deepcopy(trainer.evaluated_model if way == "precise, averaged" else trainer.model)
        if way != "running":
            noisy, _ = make_scenes(STATISTICS_SCENES, trainer.run.seed, epoch=epoch, task=trainer.task)
            update_bn(noisy.split(trainer.run.training.batch), model)
        yield way, model.eval()


def _psnr(model: nn.Module, run: Run, split: Split) -> float:
    count = run.data.validation if split == "validation" else run.data.test
    return evaluate(model, Task.of(run.model, run.data), split, count, "cpu").scores["psnr"]


def train_one(training: Training, arm: str, seed: int) -> Path:
    """Train and write a run, unless it has been written before."""
    path = training.path(arm, seed)
    if not path.exists():
        torch.set_num_threads(1)
        _write(path, json.dumps(score(training.run(arm, seed), [*training.ways])))
    return path


def train_all(workers: int) -> None:
    """Train what is missing, seed by seed, so that the first seeds of all arms are complete early."""
    with ProcessPoolExecutor(workers, multiprocessing.get_context("spawn")) as pool:  # the search starts threads
        for training in TRAININGS:
            search_rate(training)
            for run in [pool.submit(train_one, training, arm, seed) for seed in SEEDS for arm in ARMS]:
                print(run.result().relative_to(FOLDER), flush=True)


def _write(path: Path, text: str) -> None:
    """Write a file that is either complete or absent."""
    path.parent.mkdir(exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text)
    os.replace(part, path)


def read_runs() -> pd.DataFrame:
    """One row per recorded run and way: arm, seed, way, test (dB), validation (dB by epoch), hours.

    Trainings of which runs are missing are left out.
    """
    rows = []
    for training in TRAININGS:
        paths = sorted(training.folder.glob("*.json"))
        for path in paths if len(paths) == len(ARMS) * len(SEEDS) else ():
            arm, seed = path.stem.rsplit("-", 1)
            found = json.loads(path.read_text())
            shared = {"arm": arm, "seed": int(seed), "hours": found["train_seconds"] / 3600}
            rows += [{"way": training.ways[way], **shared, **scores} for way, scores in found["ways"].items()]
    return pd.DataFrame(rows)
