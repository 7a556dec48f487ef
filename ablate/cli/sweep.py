"""`ablate sweep`: train what is missing, track it, report it."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._plan import show_plan, show_tuning
from ablate.cli._shared import StudyFile, app, terminal
from ablate.cli._slots import Device, ExecutorName, Workers, interruptible
from ablate.cli.report import summary
from ablate.errors import NotTunedError

if TYPE_CHECKING:
    from ablate.pipeline.results import StudyResult
    from ablate.records.record import Record
    from ablate.studies.planning import Design

LAST_LINES = 3
"""Of a failure's trace, as the terminal shows it."""


@app.command()
def sweep(
    study_file: StudyFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan, and how long it will take.")] = False,
    workers: Workers = None,
    device: Device = "auto",
    executor: ExecutorName = "local",
    retry_failed: Annotated[
        bool,
        typer.Option(
            "--retry-failed", help="Train the runs that failed, timed out or cannot be scored, and only these."
        ),
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="First take over the finished runs that reports/*/data hold.")
    ] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write the report's data only; `ablate report` makes it from them.")
    ] = False,
) -> None:
    """Train a study's runs, track them in MLflow, write the report. Runs that are recorded are not trained again."""
    from ablate.pipeline import study
    from ablate.pipeline.slots import find_slots
    from ablate.records.record import Record
    from ablate.studies.loading import load_study

    design = load_study(study_file)
    with interruptible():
        if dry_run:
            devices = find_slots(executor, device, workers).devices
            _show_plan(design, Record(warn=terminal.warn), devices, adopt=adopt, retry_failed=retry_failed)
            return
        result = study.sweep(
            design,
            workers=workers,
            device=device,
            executor=executor,
            retry_failed=retry_failed,
            adopt=adopt,
            report=not no_report,
            terminal=terminal,
        )
    _say_where(result, written=not no_report)
    _explain(result, Record())
    raise typer.Exit(1 if result.page.missing_runs else 0)


def _show_plan(design: Design, record: Record, devices: Sequence[str], *, adopt: bool, retry_failed: bool) -> None:
    """Print the plan of a sweep; where its arms are yet to be tuned, nobody knows more than how much there is to do."""
    from ablate.pipeline.adoption import Foreseen, adoptable
    from ablate.reporting.study.page import report_folder
    from ablate.strategies.choices import tuned

    try:
        design = tuned(design, report_folder(design))
    except NotTunedError:
        show_tuning(design, devices)
    else:
        foreseen = Foreseen(record, adoptable(design, record)) if adopt else record
        show_plan(design, foreseen, devices, retry_failed=retry_failed)


def _say_where(result: StudyResult, *, written: bool) -> None:
    """The report in short, or where the data for it are, and where MLflow shows the runs."""
    if written:
        summary(result)
    else:
        terminal.say(f"Data:   {result.path / 'data'}")
    if result.runs_at is not None:
        terminal.say(f"Runs:   {result.runs_at}")


def _explain(result: StudyResult, record: Record) -> None:
    """Name each run that has no score, with the last lines of what broke it, and say how to go on."""
    from ablate.records.record import FAILED

    reasons = {item.run.id: item.reason for item in result.unscored}
    again = False
    for run in result.page.missing_runs:
        if run.run in reasons:
            terminal.warn(f"{run.arm} seed {run.seed}: {run.status} ({reasons[run.run]})")
            again = True
            continue
        terminal.warn(str(run))
        if run.status in FAILED and (failure := record.failure(run.run)):
            again = True
            for line in failure.trace.splitlines()[-LAST_LINES:]:
                terminal.warn(f"    {line}")
            terminal.warn(f"    all of it: {record.folder(run.run) / 'failure.json'}")
    if again:
        words = [word for word in sys.argv[1:] if word != "--retry-failed"]
        terminal.warn(f"`{shlex.join(['ablate', *words, '--retry-failed'])}` trains these again.")
