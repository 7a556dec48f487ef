"""The options of commands that train, and what Ctrl-C does to these commands."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from ablate import executors
from ablate.cli._shared import err

Workers = Annotated[int | None, typer.Option(min=1, help="Runs at a time. Default: one per core, or one per GPU.")]
PerGpu = Annotated[int | None, typer.Option(min=1, help="Runs at a time on each GPU. Default: one.")]
Device = Annotated[executors.DeviceName, typer.Option(help="Where to train.")]
ExecutorName = Annotated[
    executors.ExecutorName,
    typer.Option(help="One process per slot, a Ray cluster, or all in this process (for debugging)."),
]
Address = Annotated[
    str | None,
    typer.Option(
        metavar="HOST:PORT", help="The Ray cluster. Default: that in RAY_ADDRESS, or one of this machine alone."
    ),
]


@contextmanager
def interruptible(consequence: str | None = None) -> Iterator[None]:
    """Turn a Ctrl-C into one line that says what follows, by default how to continue, and the exit code 130."""
    try:
        yield
    except KeyboardInterrupt:
        command = shlex.join(["ablate", *sys.argv[1:]])
        err.print(f"\nInterrupted. {consequence or f'Nothing is lost: `{command}` continues from the last epochs.'}")
        raise typer.Exit(130) from None
