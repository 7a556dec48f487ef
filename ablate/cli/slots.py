"""What `ablate sweep` and `ablate search` share: where and how runs are trained."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ablate.cli.app import complain, err
from ablate.errors import AblateError

if TYPE_CHECKING:
    from ablate.executors import Executor
    from ablate.pipeline.progress import LiveView, LogView
    from ablate.records.record import Record
    from ablate.records.requests import Asked
    from ablate.sources import Source

Workers = Annotated[int | None, typer.Option(min=1, help="Runs at a time. Default: one per core, or one per GPU.")]
Device = Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train.")]
ExecutorName = Annotated[
    Literal["local", "inprocess"], typer.Option(help="One process per slot, or everything in this one (to debug).")
]


def check_slots(executor: str, workers: int | None) -> None:
    """Raise an AblateError if there cannot be so many slots."""
    if executor == "inprocess" and (workers or 1) > 1:
        raise AblateError("--executor inprocess runs one at a time; allowed: --workers 1, or --executor local")


def find_devices(executor: str, device: str, workers: int | None) -> list[str]:
    """The device of each slot."""
    from ablate.executors.local import slot_devices

    return slot_devices(device, 1 if executor == "inprocess" else workers)


def make_executor(name: str, devices: list[str], timeout: float | None) -> Executor:
    """The executor of this name, a run being stopped after so many seconds."""
    from ablate.executors.inprocess import InProcessExecutor
    from ablate.executors.local import LocalExecutor

    return LocalExecutor(devices, timeout) if name == "local" else InProcessExecutor(devices[0], timeout)


def train(
    source: Source,
    asked: Asked,
    record: Record,
    executor: Executor,
    view: LogView | LiveView,
    *,
    retry_broken: bool = False,
) -> str | None:
    """Sweep what a source proposes, shown and tracked; its MLflow experiment, if MLflow was told of it all."""
    from ablate.pipeline.sweep import sweep
    from ablate.records.lock import Running
    from ablate.tracking.mirror import Mirror

    with Mirror(asked, record, warn=complain) as mirror, executor, view:
        sweep(source, executor, record, [view, mirror, Running(record.root)], retry_broken=retry_broken)
    return None if mirror.waiting else mirror.experiment


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn a Ctrl-C into one line that says how to go on, and into the exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        command = shlex.join(["ablate", *sys.argv[1:]])
        err.print(f"\nInterrupted. Nothing is lost: `{command}` goes on from the last epochs.")
        raise typer.Exit(130) from None
