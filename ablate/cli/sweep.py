"""`ablate sweep`: train what is missing, track it, report it."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli.app import StudyFile, app, complain, out, wait_for_other
from ablate.cli.plan import show_plan
from ablate.cli.report import summary
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
from ablate.cli.tuning import show_tuning, tune_first
from ablate.errors import NotTunedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ablate.executors import Executor
    from ablate.records.record import Record
    from ablate.records.requests import Asked
    from ablate.reporting.study.model import Fate, Page
    from ablate.sources.fixed import Fixed
    from ablate.sources.sequential import UntilDecided
    from ablate.studies.study import Study

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
        bool, typer.Option("--retry-failed", help="Train the runs that failed or timed out, and only these.")
    ] = False,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="First take over the finished runs that reports/*/data hold.")
    ] = False,
    no_report: Annotated[
        bool, typer.Option("--no-report", help="Write the report's data only; `ablate report` makes it from them.")
    ] = False,
) -> None:
    """Train a study's runs, track them in MLflow, write the report. Runs that are recorded are not trained again."""
    from ablate.records.lock import only_writer
    from ablate.records.record import Record
    from ablate.studies.loading import load_study

    study, record = load_study(study_file), Record(warn=complain)
    check_slots(executor, workers)
    with interruptible():
        devices = find_devices(executor, device, workers)
        if dry_run:
            _show_plan(study, record, devices, adopt=adopt, broken=retry_failed)
            return

        def slots() -> Executor:
            return make_executor(executor, devices, study.timeout_seconds)

        with only_writer(record.root, wait_for_other):
            study = tune_first(study, record, slots, adopt=adopt)
            if adopt:
                _adopt(study, record)
            experiment = _train(study, record, slots(), len(devices), retry_broken=retry_failed)
            page = _report(study, record, written=not no_report)
            runs_at = _runs_at(study, experiment, reported=not no_report)
    _say_where(page, runs_at, written=not no_report)
    _explain(page.missing, record)
    raise typer.Exit(1 if page.missing else 0)


def _show_plan(study: Study, record: Record, devices: list[str], *, adopt: bool, broken: bool) -> None:
    """Print the plan of a sweep; where its arms are yet to be tuned, nobody knows more than how much there is to do."""
    from ablate.reporting.study.page import report_folder
    from ablate.sources.choices import tuned

    try:
        study = tuned(study, report_folder(study))
    except NotTunedError:
        show_tuning(study, devices)
    else:
        show_plan(study, _foreseen(study, record) if adopt else record, devices, broken=broken)


def _foreseen(study: Study, record: Record) -> Record:
    """The record as adopting will make it."""
    from ablate.pipeline.adoption import Foreseen, adoptable

    return Foreseen(record, adoptable(study, record))


def _adopt(study: Study, record: Record) -> None:
    from ablate.pipeline.adoption import adopt

    if adopted := adopt(study, record):
        out.print(f"{len(adopted)} runs adopted from the data of reports, without their weights.")


def _source(study: Study, slots: int) -> Fixed | UntilDecided:
    """All runs at once, or seeds until all is decided."""
    from ablate.sources.fixed import Fixed
    from ablate.sources.sequential import UntilDecided
    from ablate.studies.planning import plan

    return UntilDecided(study, slots) if len(study.looks) > 1 else Fixed(plan(study))


def _train(study: Study, record: Record, executor: Executor, slots: int, *, retry_broken: bool) -> str | None:
    """Sweep the study; returns its MLflow experiment, if MLflow was told of it all."""
    from ablate.pipeline.progress import make_view
    from ablate.records.requests import remember

    asked, source = _ask(study, record), _source(study, slots)
    record.check(asked.runs)
    runs = source.propose({})
    to_train = [run for run in runs if record.wanting(run.id, broken=retry_broken)]
    recorded = sum(record.ended(run.id) for run in runs)
    out.print(f"{study.question}\n{len(runs)} runs, {recorded} of them recorded already, {len(to_train)} to train.")
    if len(study.looks) > 1:
        numbers = ", ".join(str(look.seeds) for look in study.looks)
        out.print(f"That is the first look, of those at {numbers} seeds: what it leaves undecided goes on.")
    done = {run.id: len(record.epochs(run.id)) for run in to_train}
    labels = {run_id: str(label) for run_id, label in asked.runs.items()}
    view = make_view(out, labels, {run.id: run.training.epochs for run in to_train}, done)
    experiment = train(source, asked, record, executor, view, retry_broken=retry_broken)
    asked.given_up[:] = source.given_up
    remember(record.root, asked)
    return experiment


def _ask(study: Study, record: Record) -> Asked:
    """Remember what the study asks for, and name the recorded runs that it no longer does."""
    from ablate.records.requests import Asked, recall, remember

    before = recall(record.root, study.name)
    asked = Asked.of(study, before)
    dropped = [run_id for run_id in (before.runs if before else {}) if run_id in asked.former]
    recorded = [str(asked.former[run_id]) for run_id in dropped if record.status(run_id) != "absent"]
    if recorded:
        complain(f"No longer asked for by this study, and kept: {', '.join(recorded)}.")
    remember(record.root, asked)
    return asked


def _runs_at(study: Study, experiment: str | None, *, reported: bool) -> str | None:
    """Where MLflow shows the runs, if it was told of them all; it is also told what the report says."""
    from ablate.reporting.study.page import report_folder
    from ablate.tracking.comparison import show_comparison
    from ablate.tracking.connection import address

    if experiment is None:
        return None
    if not reported:
        return address(experiment)
    return show_comparison(experiment, study.name, report_folder(study), complain)


def _say_where(page: Page, runs_at: str | None, *, written: bool) -> None:
    """The report in short, or where the data for it are, and where MLflow shows the runs."""
    from ablate.reporting.study.page import report_folder

    if written:
        summary(page)
    else:
        out.print(f"Data:   {report_folder(page.study) / 'data'}", soft_wrap=True)
    if runs_at is not None:
        out.print(f"Runs:   {runs_at}", soft_wrap=True)


def _explain(missing: Iterable[Fate], record: Record) -> None:
    """Name each run that has no result, with the last lines of what broke it, and say how to go on."""
    from ablate.records.record import BROKEN

    broken = [run for run in missing if run.status in BROKEN]
    for run in missing:
        complain(str(run))
        if run in broken:
            for line in record.failure(run.run)["trace"].splitlines()[-LAST_LINES:]:
                complain(f"    {line}")
            complain(f"    all of it: {record.folder(run.run) / 'failure.json'}")
    if broken:
        words = [word for word in sys.argv[1:] if word != "--retry-failed"]
        complain(f"`{shlex.join(['ablate', *words, '--retry-failed'])}` trains these again.")


def _report(study: Study, record: Record, *, written: bool) -> Page:
    from ablate.reporting.publishing import publish
    from ablate.reporting.study.data import export
    from ablate.reporting.study.page import read_page, report_folder

    export(study, record, report_folder(study))
    return publish(study) if written else read_page(study)
