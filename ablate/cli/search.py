"""`ablate search`: try settings of a space, track the trials, report the best."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli.app import SearchFile, app, complain, make_table, out, wait_for_other
from ablate.cli.report import search_summary
from ablate.cli.slots import (
    Device,
    ExecutorName,
    Workers,
    check_slots,
    find_devices,
    interruptible,
    make_executor,
    train,
)
from ablate.cli.trials import go_on

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ablate.executors import Executor
    from ablate.records.record import Record
    from ablate.records.requests import Asked
    from ablate.reporting.search.model import SearchPage
    from ablate.studies.search import Search


@app.command()
def search(
    search_file: SearchFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the space and what it will take.")] = False,
    workers: Workers = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
) -> None:
    """Search a space for the best settings: each trial a run, recorded and tracked; a killed search goes on."""
    from ablate.records.lock import only_writer
    from ablate.records.record import Record
    from ablate.studies.loading import load_search

    wanted, record = load_search(search_file), Record(warn=complain)
    check_slots(executor, workers)
    with interruptible():
        devices = find_devices(executor, device, workers)
        if dry_run:
            _show_plan(wanted, devices)
            return
        slots = make_executor(executor, devices, wanted.timeout_seconds)
        with only_writer(record.root, wait_for_other):
            page, experiment = _search(wanted, record, slots)
    search_summary(page)
    _say_where(wanted, record, experiment)
    raise typer.Exit(1 if page.best is None else 0)


def _search(search: Search, record: Record, executor: Executor) -> tuple[SearchPage, str | None]:
    """Go on with the search to its end; its page, and its MLflow experiment if MLflow was told of it all."""
    from ablate.pipeline.progress import make_view
    from ablate.records.requests import remember
    from ablate.reporting.publishing import publish_search
    from ablate.reporting.search.data import export
    from ablate.reporting.search.page import search_folder

    asked = _ask(search, record)
    source = go_on(search, record, asked, asked.runs)
    out.print(f"{search.question}\n{search.trials} trials, {len(source.told)} of them ended already.")
    experiment = train(source, asked, record, executor, make_view(out, asked.runs, {}, {}))
    asked.given_up[:] = source.given_up
    remember(record.root, asked)
    export(search, source.told, record, search_folder(search))
    return publish_search(search), experiment


def _ask(search: Search, record: Record) -> Asked:
    """What the search will ask for: its trials are yet to be drawn, and any of before may be drawn again."""
    from ablate.records.requests import Asked, recall

    before = recall(record.root, search.name)
    return Asked(search.name, search.question, {}, before.every() if before else {})


def _say_where(search: Search, record: Record, experiment: str | None) -> None:
    from ablate.reporting.search.content import DASHBOARD
    from ablate.sources.journal import journal_path
    from ablate.tracking.connection import address

    command = shlex.join([DASHBOARD, str(journal_path(record.root, search.name))])
    out.print(f"Trials: {command} (pip install {DASHBOARD})", soft_wrap=True)
    if experiment is not None:
        out.print(f"Runs:   {address(experiment)}", soft_wrap=True)


def _show_plan(search: Search, devices: Sequence[str]) -> None:
    """Print the space, and what all trials would take if each took what the base does."""
    from ablate.pipeline.estimate import duration, timed_seconds
    from ablate.reporting.search.content import axis_text
    from ablate.settings import resolve

    run = resolve(search.base).run(search.seed)
    slots = min(len(devices), search.parallel)
    seconds = timed_seconds(run, devices[0]) * search.trials / slots
    lines = [(name, axis_text(axis)) for name, axis in search.space.items()]
    out.print(make_table(search.question, ("setting", "searched"), lines))
    early = "" if search.pruner == "none" else " at most, since some are given up early"
    out.print(f"{search.trials} trials. About {duration(seconds)} in {slots} slot{'s' if slots > 1 else ''}{early}.")
