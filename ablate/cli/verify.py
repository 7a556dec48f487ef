"""`ablate verify`: train some recorded runs again, and say whether they are what was recorded."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from ablate.cli._shared import RunsEnded, StudyFile, app, terminal
from ablate.cli._slots import Address, Device, ExecutorName, PerGpu, Workers, interruptible
from ablate.errors import AblateError

RUNS = 2
"""How many runs are drawn by default."""


@app.command()
def verify(
    study_file: StudyFile,
    runs: Annotated[int | None, typer.Option(min=1, help=f"How many runs to draw. Default: {RUNS}.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Train all recorded runs again.")] = False,
    seed: Annotated[int, typer.Option(min=0, help="The seed of the draw; the same one draws the same runs.")] = 0,
    workers: Workers = None,
    per_gpu: PerGpu = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    address: Address = None,
) -> None:
    """Train some recorded runs again, and compare them with the record.

    It says for each run whether it has the same bits, differs no more than between processors, or has another result.
    The record is not changed; the next report says which runs were verified. It exits with 1 if a run has another
    result, or cannot be trained.
    """
    from ablate.pipeline.verification import verify as train_again

    if every and runs is not None:
        raise AblateError("--all and --runs both say how many runs to train again; keep one")
    with interruptible("What was compared so far is kept, and the record is as it was."):
        result = train_again(
            study_file,
            runs=None if every else runs or RUNS,
            seed=seed,
            workers=workers,
            per_gpu=per_gpu,
            device=device,
            executor=executor,
            address=address,
            terminal=terminal,
        )
    counts = Counter(run.outcome for run in result.runs)
    terminal.say(", ".join(f"{outcome}: {count}" for outcome, count in counts.items()))
    terminal.say(f"Written to {result.path / 'data' / 'verified.csv'}; `ablate report` shows it.")
    raise RunsEnded(0 if result.is_confirmed else 1)
