"""The project that a folder belongs to: the folder in which its record is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path

STATE = Path(".ablate")
"""The folder of all state, in the current folder."""

REPORTS = Path("reports")
"""The folder of all reports, in the current folder."""


def find_project(here: Path | None = None) -> Path:
    """The nearest folder with a record, from `here` (the current folder) up to the top of its git checkout.

    Returns `here` if there is none, or no checkout. The home folder and those above it are never searched.
    """
    here = (here or Path.cwd()).absolute()
    home = Path(os.path.expanduser("~"))
    candidates = []
    for folder in (here, *here.parents):
        if folder != here and home.is_relative_to(folder):
            break
        candidates.append(folder)
        if (folder / ".git").exists():
            return next((folder for folder in candidates if (folder / STATE).is_dir()), here)
    return here


@contextmanager
def in_project(say: Callable[[str], None]) -> Iterator[Path]:
    """A context in which the current folder is that of the project; calls `say` with a line if that is another one.

    Yields the path of the project from the folder before, `.` if that is the same: paths that are shown or returned
    begin with it.
    """
    here, project = Path.cwd(), find_project()
    if project != here:
        say(f"Project: {project}; its record and reports are used. Run `mlflow ui` there.")
    with chdir(project):
        yield Path(os.path.relpath(project, here))
