"""Seconds of commands that train little or nothing: `python -m benchmarks.start [--against OTHER_CHECKOUT]`."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from benchmarks.pairs import checkouts, in_turn, machine, options, python, table

STUDY = """\
question: What does a short sweep cost?
base: {training.epochs: 1, training.scenes: 256, data.validation: 64, data.test: 256}
vary: {model.skip: [both, none]}
reference: {model.skip: both}
seeds: 2
margin: 0.25
"""
"""Each of its four runs trains for about a second, and is scored on as many scenes as those of the quickstart."""

ABLATE = ("-c", "from ablate.cli import main; main()")
SWEEP = (*ABLATE, "sweep", "four.yaml", "--workers", "2")
COMMANDS = {
    "bare Python": ("-c", ""),
    "`ablate --help`": (*ABLATE, "--help"),
    "`ablate sweep` of four short runs": SWEEP,
    "`ablate sweep` of the same study, finished": SWEEP,
    "`ablate status`": (*ABLATE, "status"),
}


def measure(checkout: Path) -> list[float]:
    """The seconds of each command, in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "four.yaml").write_text(STUDY)
        seconds = []
        for words in COMMANDS.values():
            began = time.perf_counter()
            python(checkout, *words, folder=folder)
            seconds.append(time.perf_counter() - began)
    print(checkout.name, [round(number, 2) for number in seconds], flush=True)
    return seconds


def main() -> None:
    """Print the table."""
    chosen = options(__doc__, repeats=5).parse_args()
    found = in_turn(measure, chosen.against, chosen.repeats)
    rows = [[name, *(numbers[index] for numbers in found.values())] for index, name in enumerate(COMMANDS)]
    print(machine())
    print(table(["seconds", *checkouts(chosen.against)], rows))


if __name__ == "__main__":
    main()
