"""By how much a run differs between processors, and by how much it differs if it is not quite the same run.

    python -m benchmarks.processors        # writes benchmarks/processors.csv and processors.md, in half an hour

Environment variables make the libraries compute as on other processors. What the table has is not trained again, so
the program can be interrupted.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import combinations, islice
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import pandas as pd

from ablate.executors.local import LocalExecutor
from ablate.executors.worker import one_thread
from ablate.overrides import resolve
from ablate.records.files import write_atomic
from ablate.settings import Run
from ablate.training.events import Ended, EpochEnded
from ablate.training.loop import train
from ablate.training.rescoring import rescore
from tests.helpers.tiny import TINY

HERE = "this processor"
PROCESSORS: dict[str, dict[str, str]] = {
    HERE: {},
    "AVX2": {"ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2"},
    "torch without vectors": {"ATEN_CPU_CAPABILITY": "default"},
    "oneDNN with SSE 4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "both": {"ATEN_CPU_CAPABILITY": "default", "ONEDNN_MAX_CPU_ISA": "SSE41"},
}
"""The variables that simulate each processor."""

FAULTS = {"rate 1% higher": 1.01, "rate 10% higher": 1.1}
"""Runs that are not quite the same: by what their learning rate is multiplied."""

SMALL: dict[str, Any] = {"model.image_size": [32, 32], "model.patch_size": 4, "model.depth": 2}
SMALL |= {"training.epochs": 10, "training.scenes": 384, "training.batch": 16, "training.rate": 0.003}
SMALL |= {"data.validation": 96, "data.test": 192}
QUICKSTART: dict[str, Any] = {"training.epochs": 8, "training.scenes": 512, "training.batch": 16, "training.rate": 2e-3}
QUICKSTART |= {"training.schedule": "cosine", "data.validation": 64, "data.test": 256}
SKIPS: dict[str, dict[str, Any]] = {"both": {}, "none": {"model.skip": "none"}}


class Kind(NamedTuple):
    """Runs of one size: the settings of all and of each arm, the seeds of each arm, and the processors.

    If `first_only`, other processors train only the first epoch.
    """

    base: dict[str, Any]
    arms: dict[str, dict[str, Any]]
    seeds: int
    processors: tuple[str, ...] = (HERE, "AVX2")
    first_only: bool = False


KINDS = {
    "tiny": Kind(TINY, SKIPS, 8, tuple(PROCESSORS)),
    "tiny, bfloat16": Kind(TINY | {"training.precision": "bfloat16"}, SKIPS, 8, tuple(PROCESSORS)),
    "small": Kind(SMALL, {"both": {}, "l1": {"training.loss": "l1"}}, 2),
    "quickstart": Kind(QUICKSTART, SKIPS, 1, first_only=True),
}
"""`small` is the size of experiments/pictures.yaml, on scenes; `quickstart` that of experiments/quickstart.yaml."""

TABLE, PAGE = Path(__file__).with_suffix(".csv"), Path(__file__).with_suffix(".md")
KEYS = ["kind", "arm", "seed", "how"]


class Line(NamedTuple):
    """A line of the table: the losses of the first and the last epoch, and the score as recorded and as rescored here.

    Of a run that is not quite the same, only the first epoch is trained.
    """

    kind: str
    arm: str
    seed: int
    how: str
    first_loss: float
    last_loss: float | None = None
    psnr: float | None = None
    rescored: float | None = None


def runs_of(kind: Kind, factor: float = 1.0) -> Iterator[tuple[str, Run]]:
    """The runs of a kind by the names of their arms; `factor` multiplies the learning rate."""
    for arm, overrides in kind.arms.items():
        settings = resolve(kind.base | overrides)
        rate = settings.training.rate * factor
        settings = resolve(kind.base | overrides | {"training.rate": rate})
        yield from ((arm, settings.run(seed)) for seed in range(kind.seeds))


@contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """A context in which processes that are started have these variables."""
    os.environ.update(variables)
    try:
        yield
    finally:
        for name in variables:
            del os.environ[name]


def train_as_on(processor: str, name: str, runs: Mapping[tuple[str, int], Run]) -> Iterator[Line]:
    """Train runs as on another processor, and score them again on this one."""
    labels = {run.id: label for label, run in runs.items()}
    with environment(PROCESSORS[processor]), LocalExecutor(["cpu"]) as executor:
        for run in runs.values():
            executor.submit(run)
        for run_id, event in executor.events():
            if isinstance(event, EpochEnded) and KINDS[name].first_only and processor != HERE:
                yield Line(name, *labels[run_id], processor, event.rows[0]["train/loss"])
                executor.cancel(run_id)
            if isinstance(event, Ended):
                losses, psnr = [row["train/loss"] for row in event.rows], event.results["test/psnr"]
                with one_thread():
                    rescored = rescore(runs[labels[run_id]], event.weights)["test/psnr"]
                yield Line(name, *labels[run_id], processor, losses[0], losses[-1], psnr, rescored)


def train_faulty(fault: str, name: str, runs: Mapping[tuple[str, int], Run]) -> Iterator[Line]:
    """Train the first epoch of runs that are not quite the same."""
    for label, run in runs.items():
        with one_thread():
            (event,) = islice(train(run), 1)
        yield Line(name, *label, fault, event.rows[0]["train/loss"])


def measure() -> Iterator[Line]:
    """Everything that the table does not have yet."""
    done = {tuple(row) for row in read()[KEYS].itertuples(index=False)}
    for name, kind in reversed(KINDS.items()):
        for how in [*kind.processors, *FAULTS]:
            runs = {(arm, run.seed): run for arm, run in runs_of(kind, FAULTS.get(how, 1.0))}
            left = {label: run for label, run in runs.items() if (name, *label, how) not in done}
            if left:
                yield from (train_as_on if how in PROCESSORS else train_faulty)(how, name, left)


def read() -> pd.DataFrame:
    """The table; empty before anything is measured."""
    return pd.read_csv(TABLE) if TABLE.exists() else pd.DataFrame(columns=Line._fields)


class Row(NamedTuple):
    """What one kind of runs shows; differences of losses are relative, those of scores in dB.

    Attributes:
        runs: how many there are on this processor.
        processors: how many others were simulated.
        first_loss: the largest difference of the first epoch's loss between processors.
        faults: the median difference by fault.
        other_seed: the median difference between two seeds of an arm.
        psnr: the largest difference of the score at the end between processors.
        rescored: the largest difference between the score of weights where they were trained, and here.
    """

    kind: str
    runs: int
    processors: int
    first_loss: float
    faults: dict[str, float]
    other_seed: float
    psnr: float
    rescored: float


def summarise(table: pd.DataFrame, kind: str) -> Row:
    """What the lines of one kind show."""
    lines = table[table.kind == kind].set_index(["arm", "seed"])
    here = lines[lines.how == HERE]

    def changes(how: list[str]) -> pd.Series:
        chosen = lines[lines.how.isin(how)]
        return (chosen.first_loss / here.first_loss.reindex(chosen.index) - 1).abs()

    others = lines[lines.how.isin(PROCESSORS) & (lines.how != HERE)]
    pairs = [
        abs(a / b - 1) for _, losses in here.groupby("arm").first_loss for a, b in combinations(losses.to_list(), 2)
    ]
    return Row(
        kind=kind,
        runs=len(here),
        processors=others.how.nunique(),
        first_loss=float(changes([*others.how.unique()]).max()),
        faults={fault: float(changes([fault]).median()) for fault in FAULTS},
        other_seed=median(pairs) if pairs else math.nan,
        psnr=float((others.psnr - here.psnr.reindex(others.index)).abs().max()),
        rescored=float((others.psnr - others.rescored).abs().max()),
    )


def page(table: pd.DataFrame) -> Iterator[str]:
    """The page, line by line."""
    yield "<!-- Written by `python -m benchmarks.processors`; edit the program instead. -->"
    yield "# Between processors"
    yield ""
    yield "By how much a run differs between processors, which environment variables simulate. For comparison: by how"
    yield "much it differs with a higher learning rate or another seed. Percentages are differences of the first"
    yield "epoch's training loss, and scores are in dB. Between processors it is the largest difference, and in the"
    yield "comparisons the median."
    yield ""
    heads = ["runs", "", "processors", *FAULTS, "another seed", "PSNR at the end", "PSNR of the same weights"]
    yield f"| {' | '.join(heads)} |"
    yield "|---" * len(heads) + "|"
    for kind in KINDS:
        row = summarise(table, kind)
        losses = [f"{100 * x:.2g}%" for x in (row.first_loss, *row.faults.values(), row.other_seed)]
        cells = [kind, f"{row.runs} × {row.processors}", *losses, f"{row.psnr:.2g}", f"{row.rescored:.2g}"]
        yield f"| {' | '.join(cells)} |"
    yield ""
    yield "The second column has the numbers of runs and of simulated processors. *tiny* is the size of the tests: 16 ×"
    yield "16 pixels, one block, 2 epochs of 64 scenes. *small* is that of experiments/pictures.yaml: 32 × 32 pixels,"
    yield "two blocks, 10 epochs of 384 scenes. *quickstart* is that of experiments/quickstart.yaml: 64 × 64 pixels,"
    yield "12 blocks, epochs of 512 scenes; other processors trained only the first of them. Each has a second arm:"
    yield "without skip connections or, if *small*, with the L1 loss. nan: not measured."
    yield ""
    yield "| processor | variables |"
    yield "|---|---|"
    for name, variables in PROCESSORS.items():
        listed = ", ".join(f"`{key}={value}`" for key, value in variables.items())
        yield f"| {name} | {listed or 'an AMD EPYC with AVX-512'} |"


def main() -> None:
    """Measure what is missing, and write the page."""
    for line in measure():
        print(*line)
        table = pd.concat([read(), pd.DataFrame([line])], ignore_index=True)
        write_atomic(TABLE, table.to_csv(index=False).encode())
    PAGE.write_text("\n".join(page(read())) + "\n")


if __name__ == "__main__":
    main()
