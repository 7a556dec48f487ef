"""Read the files of a report's data; a damaged one is named, with what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from zipfile import BadZipFile

import pandas as pd

from ablate.errors import AblateError
from ablate.records.models import is_set_aside

TEXTS = ("arm", "against", "metric", "run", "against_run", "status", "error")
"""The columns of text, besides those of the environment."""


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Raise an error that calls the file damaged if the code inside fails to read it."""
    try:
        yield
    except (OSError, EOFError, ValueError, KeyError, AttributeError, BadZipFile) as error:
        advice = "write it again with `ablate sweep`, or restore it with `git restore`"
        raise AblateError(f"{path}: is damaged ({type(error).__name__}: {error}); {advice}") from None


def read_table(path: Path) -> pd.DataFrame:
    """Read a table, keeping text as text: an arm can be called `none`, and a commit can look like a number.

    Raises:
        AblateError: it cannot be read.
    """
    with reading(path):
        header = pd.read_csv(path, nrows=0).columns
        text = {name: str for name in header if name in TEXTS or name.startswith("env/")}
        return pd.read_csv(path, dtype=text, keep_default_na=False, na_values=[""])


def read_runs(path: Path) -> pd.DataFrame:
    """Read a table of runs (`load_results`); those that an older version of it calls failed can be set aside.

    Raises:
        AblateError: it cannot be read.
    """
    runs = read_table(path)
    with reading(path):
        facts = zip(runs.status, runs.error, strict=True)
        return runs.assign(status=["set aside" if is_set_aside(*fact) else fact[0] for fact in facts])
