"""`ablate search`: try settings, log the trials, report the best."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._shared import RunsEnded, SearchFile, app, out, terminal
from ablate.cli._slots import Address, Device, ExecutorName, PerGpu, Workers, interruptible
from ablate.cli._tables import make_table
from ablate.cli.report import search_summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.pipeline.results import SearchResult
    from ablate.studies.search import Search


@app.command()
def search(
    search_file: SearchFile,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the search space, and how long the search will take.")
    ] = False,
    workers: Workers = None,
    per_gpu: PerGpu = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    address: Address = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Train failed trials again, and draw the trials after them again."),
    ] = False,
) -> None:
    """Search for good settings, and report the best.

    Each trial is a run, recorded and logged to MLflow. A search that was killed continues where it stopped.
    """
    from ablate.executors import Request, executor_class
    from ablate.pipeline import search as pipeline
    from ablate.project import STATE
    from ablate.records.requests import check_name
    from ablate.studies.loading import load_search

    wanted = load_search(search_file)
    with interruptible():
        if dry_run:
            check_name(STATE, wanted)
            request = Request(device, workers, per_gpu, address)
            _show_plan(wanted, executor_class(executor).find_slots(request, terminal.warn).devices)
            return
        result = pipeline.search(
            wanted,
            workers=workers,
            per_gpu=per_gpu,
            device=device,
            executor=executor,
            address=address,
            retry_failed=retry_failed,
            terminal=terminal,
        )
    search_summary(result)
    _say_where(wanted, result)
    left = wanted.trials - len(result.page.trials)
    if left:
        terminal.warn(f"{left} of {wanted.trials} trials are not finished; the same command continues.")
    raise RunsEnded(1 if left or result.page.best is None else 0)


def _say_where(search: Search, result: SearchResult) -> None:
    from ablate.project import STATE
    from ablate.reporting.search.content import DASHBOARD
    from ablate.strategies.journal import journal_path

    command = shlex.join([DASHBOARD, str(journal_path(STATE, search.name))])
    terminal.say(f"Trials: {command} (pip install {DASHBOARD})")
    if result.runs_at is not None:
        terminal.say(f"Runs:   {result.runs_at}")


def _show_plan(search: Search, devices: Sequence[str]) -> None:
    """Print the space, and how long all trials would take if each took as long as the base settings."""
    from ablate.overrides import resolve
    from ablate.pipeline.estimate import duration, overhead_seconds, timed_seconds
    from ablate.pipeline.parts import try_search
    from ablate.reporting.search.content import axis_text

    try_search(search)
    run = resolve(search.base, search.variants).run(search.seed)
    slots = min(len(devices), search.parallel)
    seconds = timed_seconds(run, devices[0]) * search.trials / slots + overhead_seconds()
    lines = [(name, axis_text(axis)) for name, axis in search.space.items()]
    out.print(make_table(search.question, ("setting", "values"), lines, texts=("values",)))
    early = "" if search.pruner == "none" else " at most, since some will be pruned"
    out.print(f"{search.trials} trials. About {duration(seconds)} in {slots} slot{'s' if slots > 1 else ''}{early}.")
