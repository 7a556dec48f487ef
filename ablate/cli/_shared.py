"""The application: what all commands share, and the edge at which errors become one line."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table
from rich.text import Text

from ablate.errors import AblateError
from ablate.pipeline.terminal import Terminal

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
terminal = Terminal()
out, err = terminal.out, terminal.err

STUDY_HELP = "The study's YAML file, e.g. experiments/heads.yaml."
StudyFile = Annotated[Path, typer.Argument(metavar="STUDY", help=STUDY_HELP)]
SearchFile = Annotated[
    Path, typer.Argument(metavar="SEARCH", help="The search's YAML file, e.g. experiments/search.yaml.")
]
OptionalStudyFile = Annotated[Path | None, typer.Argument(metavar="STUDY", help=STUDY_HELP)]
StudyFiles = Annotated[list[Path] | None, typer.Argument(metavar="STUDY", help=STUDY_HELP)]


def _show_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"ablate {version('ablate')}")
        raise typer.Exit


@app.callback()
def about(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Ablation studies of a ViT denoiser: which parts matter, and how sure are we."""


def make_table(title: str, headings: tuple[str, ...], lines: Iterable[tuple[str, ...]]) -> Table:
    """A table whose first column is a name and whose others are numbers."""
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
        terminal.warn(f"error: {error}")
        sys.exit(error.exit_code)
    except OSError as error:  # a full disk, a folder that cannot be written to: the user's to mend
        where = f"{error.filename}: " if error.filename else ""
        terminal.warn(f"error: {where}{(error.strerror or str(error)).lower()}")
        terminal.warn("What was recorded is whole. Once this is mended, the same command goes on from there.")
        sys.exit(1)
