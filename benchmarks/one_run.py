"""The share of a run's time that is not training steps: `python -m benchmarks.one_run [--against OTHER_CHECKOUT]`.

Runs of two epochs and default runs of thirty, with one thread. All but the first are trained in a process that has
trained a run of the same task before, as most workers have: everything is imported, and the baselines are scored.
"""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks.pairs import checkouts, in_turn, machine, options, python, table

PROGRAM = """
import json, sys, time
import torch
from ablate.settings import DataConfig, ModelConfig, Run, TrainingConfig
from ablate.training.loop import train
torch.set_num_threads(1)

def share(epochs, best):
    run = Run(model=ModelConfig(), training=TrainingConfig(epochs=epochs), data=DataConfig(), seed=0)
    began = time.perf_counter()
    for event in train(run):
        if len(event.rows) == 1 or best == "last" and len(event.rows) < epochs:
            event.rows[-1]["val/mse"] = 0.0 if best == "first" else 1.0  # in the trainer's own row
    assert event.results["best/epoch"] == (1 if best == "first" else epochs)
    return 1 - event.results["cost/train_seconds"] / (time.perf_counter() - began)

print(json.dumps([share(epochs, best) for epochs, best in json.loads(sys.argv[1])]))
"""
RUNS = {
    "2 epochs, first run of a worker": (2, "last"),
    "2 epochs, the last is the best": (2, "last"),
    "2 epochs, the first is the best": (2, "first"),
    "30 epochs, the last is the best": (30, "last"),
    "30 epochs, the first is the best": (30, "first"),
}


def measure(checkout: Path) -> list[float]:
    """The share of each run."""
    found: list[float] = json.loads(python(checkout, "-c", PROGRAM, json.dumps([*RUNS.values()])))
    return found


def main() -> None:
    """Print the table."""
    chosen = options(__doc__, repeats=3).parse_args()
    found = in_turn(measure, chosen.against, chosen.repeats)
    rows = [[name, *(numbers[index] for numbers in found.values())] for index, name in enumerate(RUNS)]
    print(machine())
    print(table(["share that is not training steps", *checkouts(chosen.against)], rows))


if __name__ == "__main__":
    main()
