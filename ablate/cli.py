"""What the user types. Heavy imports stand in the bodies: `ablate --help` loads none of them."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ablate.errors import AblateError

if TYPE_CHECKING:
    from ablate.executors import Executor
    from ablate.planning import Arm
    from ablate.record import Record
    from ablate.report.model import Page
    from ablate.study import Study

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
out = Console(highlight=False, markup=False)
err = Console(stderr=True, highlight=False, markup=False)

StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's YAML file, e.g. experiments/heads.yaml.")]


@app.callback()
def about() -> None:
    """Ablation studies of a ViT denoiser: which parts matter, and how sure are we."""


@app.command()
def sweep(
    study_file: StudyFile,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only print the plan.")] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Runs at a time. Default: one a core, or one a GPU.")
    ] = None,
    device: Annotated[Literal["auto", "cpu", "cuda"], typer.Option(help="Where to train.")] = "auto",
    executor: Annotated[
        Literal["local", "inprocess"], typer.Option(help="One process a run at a time, or all in this one (to debug).")
    ] = "local",
) -> None:
    """Train a study's runs, track them in MLflow, write the report. Runs that are recorded are not trained again."""
    from ablate.loading import load_study
    from ablate.record import Record

    study, record = load_study(study_file), Record()
    if dry_run:
        out.print(_plan_table(study, record))
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
    _summary(page, experiment)
    failed = [missing for missing in page.missing if missing.status == "failed"]
    for missing in failed:
        err.print(f"{missing}; its trace: {record.folder(missing.run) / 'failure.json'}", soft_wrap=True)
    raise typer.Exit(1 if failed else 0)


@app.command()
def report(study_file: StudyFile) -> None:
    """Write a study's report again, from the data beside it."""
    from ablate.loading import load_study
    from ablate.report.page import write_report

    _summary(write_report(load_study(study_file)), None)


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
    from ablate.report.page import report_folder, write_report

    export(study, record, report_folder(study))
    return write_report(study)


def _summary(page: Page, experiment: str | None) -> None:
    """The verdicts, and where to look further."""
    from ablate.report.page import report_folder
    from ablate.tracking import address

    out.print(_verdict_table(page))
    out.print(page.answer)
    out.print(f"Report: {report_folder(page.study) / 'README.md'}", soft_wrap=True)
    if experiment is not None:
        out.print(f"Runs:   {address(experiment)}", soft_wrap=True)


def _plan_table(study: Study, record: Record) -> Table:
    from ablate.denoiser.denoiser import count_parameters
    from ablate.planning import arms

    def line(arm: Arm) -> tuple[str, ...]:
        ids = [arm.run(seed).id for seed in study.seeds]
        there = sum(record.ended(run_id) for run_id in ids)
        parameters = f"{count_parameters(arm.settings.model):,}"
        return arm.name, arm.against or "(reference)", str(len(ids) - there), str(there), parameters

    headings = ("arm", "compared with", "runs to train", "already there", "parameters")
    seeds = ", ".join(map(str, study.seeds))
    return _table(f"{study.question}\nSeeds: {seeds}", headings, map(line, arms(study)))


def _verdict_table(page: Page) -> Table:
    from ablate.report.model import ArmRow, number, signed

    def line(row: ArmRow) -> tuple[str, ...]:
        mean, c = number(row.mean, page.metric), row.comparison
        if c is None:
            return row.name, str(row.seeds), mean, "reference", "", ""
        interval = f"{signed(c.difference, page.metric)} [{signed(c.low, page.metric)}, {signed(c.high, page.metric)}]"
        return row.name, str(row.seeds), mean, interval, c.verdict, number(c.smallest_margin, page.metric)

    score = f"{page.metric.name} ({page.metric.unit})" if page.metric.unit else page.metric.name
    headings = ("arm", "seeds", score, "difference [interval]", "verdict", "smallest margin")
    return _table(f"{page.study.name}, margin {page.study.margin:g}", headings, map(line, page.rows))


def _table(title: str, headings: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> Table:
    table = Table(title=Text(title), title_justify="left")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="left" if index == 0 else "right")
    for line in lines:
        table.add_row(*(Text(cell) for cell in line))
    return table


def main() -> None:
    """Run the command line; a user's mistake is one line, never a traceback."""
    try:
        app()
    except AblateError as error:
        err.print(f"error: {error}", soft_wrap=True)
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that cannot be written to: the user's to mend, and nothing is lost
        err.print(f"error: {error}", soft_wrap=True)
        sys.exit(1)
