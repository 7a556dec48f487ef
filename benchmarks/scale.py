"""How commands grow with the number of recorded runs: `python -m benchmarks.scale [--runs 100 1000 10000]`.

The studies are grids of two axes with ten seeds, whose runs were never trained: their results are random numbers, and
MLflow is said to have them.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from ablate.metrics import EPOCH_METRICS, RESULT_METRICS
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, save_requested
from ablate.studies.loading import load_study
from ablate.studies.planning import Cell, Design
from ablate.tracking.last_sync import save_last_sync
from ablate.training.events import Ended, Row, Started
from benchmarks.pairs import machine, options, summary, table

SEEDS, EPOCHS, SIDE = 10, 30, 32
SHAPES = {100: (2, 5), 1_000: (10, 10), 10_000: (40, 25)}
"""Levels of the two axes, by the number of runs."""

STUDY = """\
question: What does a big study cost?
base: {{model.image_size: [{side}, {side}]}}
vary:
  training.rate: {rates}
  model.depth: {depths}
reference: {{training.rate: 0.0001, model.depth: 1}}
seeds: {seeds}
margin: 0.25
"""
ABLATE = ("-c", "from ablate.cli import main; main()")
AFRESH = ("-c", f"import shutil; shutil.rmtree('.ablate/figures', ignore_errors=True); {ABLATE[1]}")
LOAD = "import ablate; ablate.load_results(ablate.load_study('big.yaml'))"
MEASURED = """
import os, resource, subprocess, sys, time
began = time.perf_counter()
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1000)
"""
"""A small process that starts the command: until then, a child has the size of its parent."""

COMMANDS = {
    "plan: `ablate sweep --dry-run`": (*ABLATE, "sweep", "big.yaml", "--dry-run"),
    "`ablate status`": (*ABLATE, "status"),
    "resume: `ablate sweep --no-report`": (*ABLATE, "sweep", "big.yaml", "--no-report"),
    "`ablate.load_results`": ("-c", LOAD),
    "first report: `ablate report`": (*AFRESH, "report", "big.yaml"),
    "the same report again": (*ABLATE, "report", "big.yaml"),
    "`ablate report --check`": (*ABLATE, "report", "big.yaml", "--check"),
}


def fill(folder: Path, rates: int, depths: int) -> None:
    """Record the runs of a study as if they had been swept."""
    values = [round(0.0001 * step, 4) for step in range(1, rates + 1)]
    path = folder / "big.yaml"
    path.write_text(STUDY.format(side=SIDE, rates=values, depths=[*range(1, depths + 1)], seeds=SEEDS))
    study, record = load_study(path), Record(folder / ".ablate")
    effects = np.random.default_rng(0).normal(0, 1, len(study.arms)).tolist()
    for number, cell in enumerate(study.cells):
        record.write_event(cell.run, Started(0, "cpu"))
        record.write_event(cell.run, _ended(study, cell, effects[number // SEEDS], np.random.default_rng(number)))
    requested = RequestedRuns.of(study)
    save_requested(record.root, requested)
    with contextlib.chdir(folder):
        Path("mlflow.db").touch()
        save_last_sync(requested, Record(), experiment="1", report="")


def _ended(study: Design, cell: Cell, effect: float, random: np.random.Generator) -> Ended:
    """A finished run: the effect of its arm, what its seed adds to all arms, and noise."""
    score = 27 + effect + 0.5 * cell.seed + random.normal(0, 0.3)
    results = {metric.name: 20.0 for metric in RESULT_METRICS if metric.name != "diverged/epoch"}
    results |= {"test/psnr": score, "test/mse": 10 ** (-score / 10), "test/mse_sem": 1e-4, "test/gain": score - 15}
    images = {kind: random.random((3, 1, SIDE, SIDE)).astype(np.float16) for kind in ("noisy", "clean", "denoised")}
    arrays = save({"test_mse": random.random(64).astype(np.float32), **images})
    return Ended("finished", results, bytes(1000), arrays, {"torch": "2", "device": "cpu"}, _rows(random))


def _rows(random: np.random.Generator) -> list[Row]:
    curve = 20 + 8 * (1 - np.exp(-np.arange(EPOCHS) / 8)) + random.normal(0, 0.2, EPOCHS)
    names = [metric.name for metric in EPOCH_METRICS]
    return [
        {"epoch": epoch, "time": 60.0 * epoch, **dict.fromkeys(names, value)}
        for epoch, value in enumerate(curve.tolist(), 1)
    ]


def cost(folder: Path, *words: str) -> tuple[float, float]:
    """Seconds and megabytes (the highest resident size) that a command takes."""
    command = [sys.executable, "-c", MEASURED, sys.executable, *words]
    seconds, size = subprocess.run(command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(seconds), float(size)


def measure(runs: int, repeats: int) -> list[str]:
    """For each command, the seconds (median, lowest and highest) and the megabytes."""
    cells = []
    with tempfile.TemporaryDirectory() as name:
        fill(Path(name), *SHAPES[runs])
        for words in COMMANDS.values():
            costs = [cost(Path(name), *words) for _ in range(repeats)]
            cells.append(f"{summary([seconds for seconds, _ in costs])} s, {max(size for _, size in costs):.0f} MB")
            print(runs, words[-2:], cells[-1], file=sys.stderr, flush=True)
    return cells


def main() -> None:
    """Print the table."""
    parser = options(__doc__, repeats=3, pairs=False)
    parser.add_argument("--runs", type=int, nargs="+", default=[*SHAPES], choices=SHAPES)
    chosen = parser.parse_args()
    columns = {runs: measure(runs, chosen.repeats) for runs in chosen.runs}
    rows = [[name, *(column[index] for column in columns.values())] for index, name in enumerate(COMMANDS)]
    print(machine())
    print(table(["", *(f"{runs:,} runs" for runs in columns)], rows))


if __name__ == "__main__":
    main()
