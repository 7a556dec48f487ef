"""The application: what all commands share, and the edge at which errors become one line."""

from __future__ import annotations

import os
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import IO, Annotated

import typer

from ablate.errors import AblateError
from ablate.executors.processes import naming_limits
from ablate.executors.signals import ending_as_by_ctrl_c
from ablate.pipeline.terminal import ForgivingStream, Terminal
from ablate.project import in_project

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
terminal = Terminal()
out, err = terminal.out, terminal.err

EITHER_HELP = "The YAML file of a study or a search, e.g. experiments/heads.yaml."


def _where_typed(context: typer.Context, value: Path | list[Path] | None) -> Path | list[Path] | None:
    """Paths as they were typed, now that the current folder is that of the project (see `about`)."""
    if isinstance(value, list):
        return [as_typed(context, path) for path in value]
    return value and as_typed(context, value)


def as_typed(context: typer.Context, path: Path) -> Path:
    """A path from the folder in which the command was typed, now that the current folder is that of the project."""
    return path if context.obj is None else Path(context.obj) / path


StudyFile = Annotated[
    Path,
    typer.Argument(
        metavar="STUDY", callback=_where_typed, help="The YAML file of a study, e.g. experiments/heads.yaml."
    ),
]
SearchFile = Annotated[
    Path,
    typer.Argument(
        metavar="SEARCH", callback=_where_typed, help="The YAML file of a search, e.g. experiments/search.yaml."
    ),
]
EitherFile = Annotated[Path, typer.Argument(metavar="STUDY", callback=_where_typed, help=EITHER_HELP)]
OptionalFile = Annotated[
    Path | None, typer.Argument(metavar="STUDY", callback=_where_typed, help=f"{EITHER_HELP} Default: all.")
]
OptionalFiles = Annotated[
    list[Path] | None, typer.Argument(metavar="STUDY", callback=_where_typed, help=f"{EITHER_HELP} Default: all.")
]

WITH_RECORD = ("sweep", "search", "report", "status", "sync", "ui", "prune", "denoise", "export", "verify", "slurm")
"""The commands that read or write the record. They do so in the folder of the project, wherever they are typed."""


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ablate {version('ablate')}")
        raise typer.Exit


@app.callback()
def about(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Find out which parts of a ViT denoiser matter, and how sure we can be."""
    if context.invoked_subcommand in WITH_RECORD:
        _enter_project(context)


def _enter_project(context: typer.Context) -> None:
    """Change to the folder of the project, and keep in the context in which folder the command was typed."""
    here = Path.cwd()
    if context.with_resource(in_project(terminal.warn)) != Path():
        context.obj = here


@ending_as_by_ctrl_c()
def main() -> None:
    """Run the command line; a user's mistake is one line, never a traceback."""
    output = _forgiving(sys.stdout)
    with redirect_stdout(output), redirect_stderr(_forgiving(sys.stderr)):
        _name_a_home()
        _draw_into_files()
        try:
            _main()
        except SystemExit as end:
            _check_output(output, end)
            raise


class RunsEnded(SystemExit):
    """Ends a command that trains. Its exit code is that of the runs, even if the output is incomplete."""


def _check_output(output: ForgivingStream, end: SystemExit) -> None:
    """Say that some output was lost, as on a full disk; if the output was all that a command is for, it fails."""
    output.flush()
    if output.error is None:
        return
    terminal.warn(f"error: the output is incomplete: {(output.error.strerror or str(output.error)).lower()}")
    if not end.code and not isinstance(end, RunsEnded):
        sys.exit(1)


def _draw_into_files() -> None:
    """Use matplotlib's backend for files, whatever the user has set: it cannot be imported if MPLBACKEND is unknown."""
    os.environ["MPLBACKEND"] = "agg"


def _name_a_home() -> None:
    """Name a home folder where there is none (no HOME, and a user without a name): MLflow refuses to load without one.

    It is that of Debian's system users, which does not exist, so nobody can have put anything into it.
    """
    try:
        Path.home()
    except RuntimeError:
        os.environ["HOME"] = "/nonexistent"


def _forgiving(stream: IO[str] | None) -> ForgivingStream:
    """A standard stream that never fails. Where it was closed, the null device takes its place and its descriptor."""
    return ForgivingStream(stream or open(os.devnull, "w"))


def _main() -> None:
    try:
        with naming_limits():
            app()
    except AblateError as error:
        terminal.warn(f"error: {error}")
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a read-only folder: only the user can fix that
        where = f"{error.filename}: " if error.filename else ""
        terminal.warn(f"error: {where}{(error.strerror or str(error)).lower()}")
        terminal.warn(
            "Everything recorded so far is intact. Fix the problem and run the same command again to continue."
        )
        sys.exit(1)
