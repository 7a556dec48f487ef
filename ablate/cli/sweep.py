"""`ablate sweep`: train the missing runs, log them, report them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._plan import show_plan, show_tuning
from ablate.cli._prospects import show_prospects
from ablate.cli._shared import RunsEnded, StudyFile, app, terminal
from ablate.cli._slots import Address, Device, ExecutorName, PerGpu, Workers, interruptible
from ablate.cli.report import summary
from ablate.errors import NotTunedError

if TYPE_CHECKING:
    from ablate.pipeline.results import StudyResult
    from ablate.records.record import Record
    from ablate.studies.planning import Design

MAX_LINES = 3
"""Lines of a failure's traceback that the terminal shows."""


@app.command()
def sweep(
    study_file: StudyFile,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print the plan, how long it will take, and what it can decide.")
    ] = False,
    workers: Workers = None,
    per_gpu: PerGpu = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    address: Address = None,
    retry_failed: Annotated[
        bool,
        typer.Option("--retry-failed", help="Train only the runs that failed, timed out or cannot be scored."),
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="Use the finished runs in reports/*/data instead of training them.")
    ] = False,
    reuse: Annotated[
        bool,
        typer.Option("--reuse", help="Use finished runs on the tracking server instead of training them."),
    ] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write only the report's data; `ablate report` does the rest.")
    ] = False,
) -> None:
    """Train a study's runs and write its report.

    Runs are recorded and logged to MLflow while they train. What is already recorded is not trained again, so the same
    command continues a sweep that was interrupted.
    """
    from ablate.executors import Request, executor_class
    from ablate.pipeline import study
    from ablate.project import STATE
    from ablate.records.record import Record
    from ablate.records.requests import check_name
    from ablate.studies.loading import load_study

    design = load_study(study_file)
    with interruptible():
        if dry_run:
            check_name(STATE, design)
            request = Request(device, workers, per_gpu, address)
            devices = executor_class(executor).find_slots(request, terminal.warn).devices
            _show_plan(design, Record(warn=terminal.warn), devices, adopt=adopt, reuse=reuse, retry_failed=retry_failed)
            return
        result = study.sweep(
            design,
            workers=workers,
            per_gpu=per_gpu,
            device=device,
            executor=executor,
            address=address,
            retry_failed=retry_failed,
            adopt=adopt,
            reuse=reuse,
            report=not no_report,
            terminal=terminal,
        )
    _say_where(result, written=not no_report)
    _explain(result, Record())
    raise RunsEnded(1 if result.page.missing_runs else 0)


def _show_plan(
    design: Design, record: Record, devices: Sequence[str], *, adopt: bool, reuse: bool, retry_failed: bool
) -> None:
    """Print the plan of a sweep. Before its arms are tuned, only the amount of work is known."""
    from ablate.pipeline.adoption import PlannedRecord, adoptable
    from ablate.pipeline.parts import try_study
    from ablate.reporting.study.page import report_folder
    from ablate.strategies.choices import tuned
    from ablate.tracking.finished import reusable

    try_study(design, record, retry_failed=retry_failed)
    try:
        design = tuned(design, report_folder(design))
    except NotTunedError:
        show_tuning(design, record, devices)
    else:
        found = adoptable(design, record) if adopt else []
        if reuse:
            found += reusable(design, PlannedRecord(record, found), terminal.warn, retry_failed=retry_failed)
        show_plan(design, PlannedRecord(record, found), devices, retry_failed=retry_failed)
    show_prospects(design, record)


def _say_where(result: StudyResult, *, written: bool) -> None:
    """Print the report's summary or where its data are, and where MLflow shows the runs."""
    if written:
        summary(result)
    else:
        terminal.say(f"Data:   {result.path / 'data'}")
    if result.runs_at is not None:
        terminal.say(f"Runs:   {result.runs_at}")


def _explain(result: StudyResult, record: Record) -> None:
    """List each run without a score, with the last lines of its traceback, and say what to type next."""
    from ablate.records.record import FAILED

    reasons = {item.run.id: item.reason for item in result.unscored}
    again = False
    for run in result.page.left_out:
        terminal.warn(f"{run}; no verdict waits for it (`missing`)")
    for run in result.page.missing_runs:
        if run.run in reasons:
            terminal.warn(f"{run.arm} seed {run.seed}: {run.status} ({reasons[run.run]})")
            again = True
            continue
        terminal.warn(str(run))
        if run.status in FAILED and (failure := record.failure(run.run)):
            again = True
            for line in failure.trace.splitlines()[-MAX_LINES:]:
                terminal.warn(f"    {line}")
            terminal.warn(f"    full traceback: {record.folder(run.run) / 'failure.json'}")
    words = [word for word in sys.argv[1:] if word != "--retry-failed"]
    if again:
        terminal.warn(f"`{shlex.join(['ablate', *words, '--retry-failed'])}` trains these runs again.")
    if any(run.status in ("unfinished", "lost") for run in (*result.page.missing_runs, *result.page.left_out)):
        terminal.warn(f"`{shlex.join(['ablate', *words])}` continues the unfinished runs.")
