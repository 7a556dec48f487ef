"""The overhead of a run in a sweep of many short ones: `python -m benchmarks.overhead [--against OTHER_CHECKOUT]`.

The overhead per run is (wall time x slots - time inside training steps and evaluation) / runs, where every run is
recorded and mirrored to MLflow. Starting the workers and writing the report are in the wall time, so a sweep of fewer
runs is measured as well: the difference between the two is what one more run costs.
"""

from __future__ import annotations

import json
import tempfile
import time
from pathlib import Path

from benchmarks.pairs import checkouts, in_turn, machine, options, python, table

SLOTS = 2
STUDY = """\
question: What does a run cost?
base:
  model.image_size: [32, 32]
  model.depth: 2
  training.epochs: 2
  training.scenes: 128
  data.validation: 16
  data.test: 64
vary: {{model.skip: [both, none]}}
reference: {{model.skip: both}}
seeds: {seeds}
margin: 0.25
"""
SWEEP = "from ablate.cli import main; main()"
INSIDE = """
import json, time
import torch
import ablate
from ablate.training import loop

torch.set_num_threads(1)
spent = 0.0

def timed(function):
    def call(*args, **kwargs):
        global spent
        began = time.perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            spent += time.perf_counter() - began
    return call

loop.Trainer.train_epoch = timed(loop.Trainer.train_epoch)
loop.evaluate = timed(loop.evaluate)
runs = ablate.load_study("study.yaml").runs[:21]
list(loop.train(runs[0]))  # the first one imports, and scores the baselines
spent = 0.0
for run in runs[1:]:
    list(loop.train(run))
print(json.dumps(spent / len(runs[1:])))
"""


def sweep_seconds(checkout: Path, runs: int) -> tuple[float, float]:
    """The wall time of a sweep, and the seconds inside training steps and evaluation of one of its runs."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY.format(seeds=runs // 2))
        inside = float(json.loads(python(checkout, "-c", INSIDE, folder=folder)))
        began = time.perf_counter()
        python(checkout, "-c", SWEEP, "sweep", "study.yaml", "--workers", str(SLOTS), folder=folder)
        return time.perf_counter() - began, inside


def measure(checkout: Path, few: int, many: int) -> list[float]:
    """Milliseconds inside a run, of overhead per run of the longer sweep, and of each run that it has more."""
    (short, first), (long, second) = sweep_seconds(checkout, few), sweep_seconds(checkout, many)
    inside = (first + second) / 2
    numbers = inside, long * SLOTS / many - inside, (long - short) * SLOTS / (many - few) - inside
    print(checkout, [round(1000 * number) for number in numbers], flush=True)
    return [1000 * number for number in numbers]


def main() -> None:
    """Print the table."""
    parser = options(__doc__, repeats=3)
    parser.add_argument("--runs", type=int, nargs=2, default=[40, 200])
    chosen = parser.parse_args()
    found = in_turn(lambda checkout: measure(checkout, *chosen.runs), chosen.against, chosen.repeats)
    headings = ("milliseconds per run", *checkouts(chosen.against))
    names = ("inside training steps and evaluation", "overhead, all included", "overhead of one more run")
    rows = [[name, *(numbers[index] for numbers in found.values())] for index, name in enumerate(names)]
    print(machine())
    print(table(headings, rows))


if __name__ == "__main__":
    main()
