"""What the report of a search is made of, as files: `reports/<search>/data/trials.csv`, one row a trial.

Columns: trial, state (`complete`, `pruned`, `failed`), value (of the best epoch, or where it was given up), epochs
(that the search saw), run, why (it failed), each axis by its setting's name, and `env/...`, what trained it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablate.errors import AblateError, StudyError
from ablate.files import make_folder, write_atomic
from ablate.planning import value_text
from ablate.record import Record
from ablate.search import Search
from ablate.settings import Run, resolve
from ablate.space import Axis, whole

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
"""Optuna's words, and ours."""

TEXT = ("state", "run", "why")


def export(search: Search, told: Sequence[FrozenTrial], record: Record, folder: Path) -> None:
    """Write the told trials of a search into `folder`/data."""
    make_folder(folder / "data")
    table = pd.DataFrame([_row(search, trial, record) for trial in told])
    write_atomic(folder / "data" / "trials.csv", table.to_csv(index=False).encode())


def _row(search: Search, trial: FrozenTrial, record: Record) -> dict[str, Any]:
    from ablate.sources.trials import RUN, WHY, overrides

    run = trial.user_attrs.get(RUN, "")
    row = {
        "trial": trial.number,
        "state": STATES[trial.state.name],
        "value": trial.value if trial.values else math.nan,
        "epochs": len(trial.intermediate_values),
        "run": run,
        "why": trial.user_attrs.get(WHY, ""),
    }
    row |= {name: value_text(value) for name, value in overrides(search.space, trial.params).items()}
    environment = record.result(run)["environment"] if run and record.ended(run) else {}
    return row | {f"env/{name}": value for name, value in environment.items()}


def read(search: Search, folder: Path) -> pd.DataFrame:
    """Read back what `export` wrote, each axis with its values as they are in settings.

    Raises:
        AblateError: there is none, or it is damaged or belongs to another version of the search.
    """
    path = folder / "data" / "trials.csv"
    if not path.exists():
        raise AblateError(f"{path.parent}: there is no data of this search yet; `ablate search` writes it")
    try:
        table = _read_csv(search, path)
        runs = [_run_id(search, row) for row in table.to_dict("records")]
    except (ValueError, KeyError, AttributeError) as error:
        rule = "is damaged, or belongs to another version of this search; `ablate search` writes it again"
        raise AblateError(f"{path}: {rule} ({type(error).__name__}: {error})") from None
    if runs != table.run.tolist():
        raise AblateError(f"{path}: belongs to another version of this search; `ablate search` writes it again")
    return table


def _read_csv(search: Search, path: Path) -> pd.DataFrame:
    header = pd.read_csv(path, nrows=0).columns
    text = {name: str for name in header if name in TEXT or name in search.space or name.startswith("env/")}
    table = pd.read_csv(path, dtype=text, keep_default_na=False, na_values={"value": [""]})
    for name, axis in search.space.items():
        table[name] = pd.Series([_value(name, axis, word) for word in table[name]], index=table.index, dtype=object)
    return table


def _value(name: str, axis: Axis, word: str) -> Any:
    if isinstance(axis, list):
        return axis[list(map(value_text, axis)).index(word)]
    return int(word) if whole(name) else float(word)


def _run_id(search: Search, row: dict[Any, Any]) -> str:
    """The id of the run that a trial's settings make; nothing where they make none."""
    try:
        settings = resolve(search.base | {name: row[name] for name in search.space})
    except StudyError:
        return ""
    return Run(model=settings.model, data=settings.data, training=settings.training, seed=search.seed).id
