"""The project that a folder belongs to: the folder in which its record is."""

from __future__ import annotations

import os
from pathlib import Path

STATE = Path(".ablate")
"""The folder of all state, in the current folder."""


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
