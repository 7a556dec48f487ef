"""The trials that have ended, as a table: one row per trial.

Columns: trial, state (`complete`, `pruned`, `failed`), value (of the best epoch, or where it was given up), epochs
(that the search saw), run, why (it failed, or `diverged`), each axis by its setting's name, and `env/...`, what
trained it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from ablate.errors import AblateError, StudyError
from ablate.metrics import Metric
from ablate.overrides import resolve
from ablate.records.files import make_folder, write_atomic
from ablate.records.record import Record
from ablate.strategies import DIVERGED
from ablate.studies.names import value_text
from ablate.studies.search import Search
from ablate.studies.space import is_integer
from ablate.studies.study import Overrides

if TYPE_CHECKING:
    from optuna.trial import FrozenTrial

STATES = {"COMPLETE": "complete", "PRUNED": "pruned", "FAIL": "failed"}
"""Optuna's words, and ours."""

TEXT = ("arm", "state", "value", "run", "why")
"""`value` too: which trial is best must not depend on how numbers are read."""


@dataclass(frozen=True)
class Trial:
    """One trial; `value` is NaN where it failed before its first epoch."""

    number: int
    state: str
    value: float
    run: str
    why: str
    overrides: Overrides

    @property
    def has_diverged(self) -> bool:
        """Whether its run diverged: it is complete, with the value of a constant prediction."""
        return self.state == "complete" and self.why == DIVERGED


def write_csv(path: Path, table: pd.DataFrame) -> None:
    """Write a table, and the folder that it is in."""
    make_folder(path.parent)
    write_atomic(path, table.to_csv(index=False).encode())


def trials_table(search: Search, finished: Sequence[FrozenTrial], record: Record) -> pd.DataFrame:
    """The finished trials, one row each."""
    return pd.DataFrame([_row(search, trial, record) for trial in finished])


def _row(search: Search, trial: FrozenTrial, record: Record) -> dict[str, Any]:
    from ablate.strategies.trials import RUN, WHY, overrides

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
    result = record.result(run) if run else None
    environment = result.environment if result else {}
    return row | {f"env/{name}": value for name, value in environment.items()}


@contextmanager
def of_this_version(path: Path, whose: str, error: type[AblateError] = AblateError) -> Iterator[None]:
    """Raise `error` of a table that is not what it should be: damaged, or of another version of `whose` file."""
    try:
        yield
    except (ValueError, KeyError, AttributeError) as found:
        rule = f"is damaged, or belongs to another version of {whose} writes it again"
        raise error(f"{path}: {rule} ({type(found).__name__}: {found})") from None


def read_csv(path: Path, axes: Iterable[str]) -> pd.DataFrame:
    """A table of trials as it was written: what was text stays text, and so do values and those of axes."""
    header = pd.read_csv(path, nrows=0).columns
    text = {name: str for name in header if name in (*TEXT, *axes) or name.startswith("env/")}
    return pd.read_csv(path, dtype=text, keep_default_na=False)


def settled(search: Search, table: pd.DataFrame) -> pd.DataFrame:
    """The trials of a search, each axis with its values as they are in settings.

    Raises:
        ValueError, KeyError: they are not of this search.
    """
    found = table.assign(value=[float(word or "nan") for word in table.value])
    for name in search.space:
        found[name] = pd.Series([_value(search, name, word) for word in table[name]], index=table.index, dtype=object)
    if [_run_id(search, row) for row in found.to_dict("records")] != found.run.tolist():
        raise ValueError("it holds other runs")
    return found


def _value(search: Search, name: str, word: str) -> Any:
    axis = search.space[name]
    if isinstance(axis, list):
        return axis[list(map(value_text, axis)).index(word)]
    return int(word) if is_integer(name, search.variants) else float(word)


def _run_id(search: Search, row: dict[Any, Any]) -> str:
    """The id of the run that a trial's settings make; nothing where they make none."""
    try:
        return resolve(search.base | {name: row[name] for name in search.space}, search.variants).run(search.seed).id
    except StudyError:
        return ""


def read_trials(search: Search, table: pd.DataFrame) -> list[Trial]:
    """The rows of a table of trials."""
    return [_trial(search, row) for row in table.to_dict("records")]


def _trial(search: Search, row: Mapping[Any, Any]) -> Trial:
    overrides = {name: row[name] for name in search.space}
    number, value = int(row["trial"]), float(row["value"])
    return Trial(number, row["state"], value, row["run"], row["why"], overrides)


def ranked(trials: Sequence[Trial], metric: Metric) -> list[Trial]:
    """The complete ones, best first; of equal ones the earlier."""
    complete = [trial for trial in trials if trial.state == "complete"]
    return sorted(complete, key=lambda trial: -metric.sign * trial.value)


def best_so_far(trials: Sequence[Trial], metric: Metric) -> list[float]:
    """The best value of the complete trials up to each one; NaN before the first."""
    course, best = [], math.nan
    for trial in trials:
        if trial.state == "complete" and not metric.sign * trial.value <= metric.sign * best:
            best = trial.value
        course.append(best)
    return course
