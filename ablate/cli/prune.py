"""`ablate prune`: list or remove unused runs and checkpoints."""

from __future__ import annotations

from typing import Annotated

import typer

from ablate.cli._shared import app, out, terminal


@app.command()
def prune(yes: Annotated[bool, typer.Option("--yes", help="Remove what is listed.")] = False) -> None:
    """List unused runs and checkpoints. With --yes, remove them.

    A run is unused if only earlier versions of studies and searches requested it, and a checkpoint if its run has
    ended. Nothing is removed from MLflow.
    """
    from ablate.pipeline.pruning import find_unused, remove
    from ablate.records.lock import only_writer
    from ablate.records.record import Record

    record = Record(warn=terminal.warn)
    if not yes or not record.root.exists():
        found = find_unused(record)
    else:
        with only_writer(record.root, terminal.say_that_it_waits):
            found = find_unused(record)
            for item in found:
                remove(item)
    for item in found:
        out.print(f"{item.what} ({item.size / 1e6:.1f} MB)", soft_wrap=True)
    if not found:
        out.print("Nothing to remove.")
        return
    done = "Removed" if yes else "`ablate prune --yes` removes these"
    out.print(f"{done}: {len(found)} items, {sum(item.size for item in found) / 1e6:.1f} MB.", soft_wrap=True)
