"""Runs per hour of a sweep, by how many train at a time: `python -m benchmarks.throughput [--device cuda]`.

Compared with a plain loop: one process that trains one run after another on all of the device. On CUDA the slots share
each GPU (`--per-gpu`), and both precisions are measured.
"""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.pairs import HERE, machine, options, python, summary, table

STUDY = """\
question: How many runs an hour?
base: {{training.epochs: 2, training.precision: {precision}}}
vary: {{model.skip: [both, none]}}
reference: {{model.skip: both}}
seeds: {seeds}
margin: 0.25
"""
LOOP = """
import sys
import ablate
from ablate.training.loop import train
for run in ablate.load_study("study.yaml").runs:
    for _ in train(run, device=sys.argv[1]):
        pass
"""
SWEEP = ("-c", "from ablate.cli import main; main()", "sweep", "study.yaml", "--no-report")


def runs_per_hour(precision: str, seeds: int, device: str, slots: int | None) -> float:
    """Of a sweep with so many slots, or on each GPU; None: of the plain loop."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "study.yaml").write_text(STUDY.format(precision=precision, seeds=seeds))
        option = "--workers" if device == "cpu" else "--per-gpu"
        sweep = (*SWEEP, "--device", device, option, str(slots))
        began = time.perf_counter()
        python(HERE, *(sweep if slots else ("-c", LOOP, device)), folder=folder)
        return 2 * seeds * 3600 / (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    parser = options(__doc__, repeats=3, pairs=False)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--slots", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seeds", type=int, default=4, help="half the number of runs")
    chosen = parser.parse_args()
    precisions = ["float32", "bfloat16"] if chosen.device == "cuda" else ["float32"]
    cases = [(precision, slots) for precision in precisions for slots in (None, *chosen.slots)]
    found: dict[tuple[str, int | None], list[float]] = {case: [] for case in cases}
    for _ in range(chosen.repeats):
        for precision, slots in cases:
            found[precision, slots].append(runs_per_hour(precision, chosen.seeds, chosen.device, slots))
    rows = [
        [f"sweep, {slots} at a time" if slots else "plain loop", precision, summary(numbers)]
        for (precision, slots), numbers in found.items()
    ]
    print(machine())
    print(table([f"on {chosen.device}", "precision", "runs per hour"], rows))


if __name__ == "__main__":
    main()
