"""The data of a search's report: `reports/<search>/data/trials.csv`, in the format of `strategies.trial_tables`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.strategies.trial_tables import of_this_version, read_csv, settled, trials_table, write_csv
from ablate.studies.search import Search

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial


def export(search: Search, finished: Sequence[FrozenTrial], record: Record, folder: Path) -> None:
    """Write the finished trials of a search into `folder`/data."""
    write_csv(folder / "data" / "trials.csv", trials_table(search, finished, record))


def read(search: Search, folder: Path) -> pd.DataFrame:
    """Read the data that `export` wrote, with the values of each axis as they are in settings.

    Raises:
        AblateError: there are none, or they are damaged or belong to another version of the search.
    """
    path = folder / "data" / "trials.csv"
    if not path.exists():
        raise AblateError(f"{path.parent}: no data of this search; run `ablate search` to write them")
    with of_this_version(path, "this search; `ablate search`"):
        return settled(search, read_csv(path, search.space))
