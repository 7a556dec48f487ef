"""`ablate sweep`: train what is missing, track it, report it."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ablate.cli.app import StudyFile, app, err, out
from ablate.cli.plan import show_plan
from ablate.cli.report import summary
from ablate.errors import AblateError

if TYPE_CHECKING:
    from ablate.executors import Executor
    from ablate.record import Record
    from ablate.report.model import Page
    from ablate.study import Study


@app.command()
def sweep(
    study_file: StudyFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan, and how long it will take.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time. Default: one a core, or one a GPU.")
    ] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train.")] = "auto",
    executor: Annotated[
        Literal["local", "inprocess"], typer.Option(help="One process a run at a time, or all in this one (to debug).")
    ] = "local",
) -> None:
    """Train a study's runs, track them in MLflow, write the report. Runs that are recorded are not trained again."""
    from ablate.executors.local import slot_devices
    from ablate.loading import load_study
    from ablate.record import Record

    study, record = load_study(study_file), Record()
    if dry_run:
        show_plan(study, record, slot_devices(device, workers))
        return
    if executor == "inprocess" and (workers or 1) > 1:
        raise AblateError("--executor inprocess runs one at a time; allowed: --workers 1, or --executor local")
    slots = _executor(executor, device, workers)
    try:
        with record.only_writer(on_wait=lambda: err.print("Another sweep is running in this folder; waiting for it.")):
            experiment = _train(study, record, slots)
            page = _report(study, record)
    except KeyboardInterrupt:
        command = shlex.join(["ablate", *sys.argv[1:]])
        err.print(f"\nInterrupted. Nothing is lost: `{command}` goes on from the last epochs.")
        raise typer.Exit(130) from None
    summary(page, experiment)
    failed = [missing for missing in page.missing if missing.status == "failed"]
    for missing in failed:
        err.print(f"{missing}; its trace: {record.folder(missing.run) / 'failure.json'}", soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


def _executor(name: str, device: str, workers: int | None) -> Executor:
    from ablate.executors.inprocess import InProcessExecutor
    from ablate.executors.local import LocalExecutor, slot_devices

    devices = slot_devices(device, workers)
    return LocalExecutor(devices) if name == "local" else InProcessExecutor(devices[0])


def _train(study: Study, record: Record, executor: Executor) -> str | None:
    """Sweep the study; returns its MLflow experiment, if MLflow could be told."""
    from ablate.planning import cells, plan
    from ablate.progress import make_view
    from ablate.sources.fixed import Fixed
    from ablate.sweep import sweep as sweep_runs
    from ablate.tracking import Mirror

    planned = cells(study)
    labels = {cell.run.id: f"{cell.arm.name} seed {cell.seed}" for cell in planned}
    to_train = [cell.run for cell in planned if not record.ended(cell.run.id)]
    out.print(f"{study.question}\n{len(planned)} runs, {len(planned) - len(to_train)} of them recorded already.")
    done = {run.id: len(record.epochs(run.id)) for run in to_train}
    view = make_view(out, labels, sum(run.training.epochs for run in to_train), done)
    with Mirror(study, record, warn=err.print) as mirror, executor, view:
        sweep_runs(Fixed(plan(study)), executor, record, [view, mirror])
    return mirror.experiment


def _report(study: Study, record: Record) -> Page:
    from ablate.report.data import export
    from ablate.report.page import publish, report_folder

    export(study, record, report_folder(study))
    return publish(study)
