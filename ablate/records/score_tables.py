"""Rows of a table that another program wrote -> the score of each run, from the columns of arm, seed and score.

A table is long (a row per run) or wide (a column per arm, or a column per seed).
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ablate.errors import AblateError, quote, suggest
from ablate.records.score_files import Rows
from ablate.studies.plan import Seed

OBVIOUS = {
    "arm": ("arm", "variant", "model", "method", "config", "algorithm", "system", "condition", "name"),
    "seed": ("seed", "fold", "replicate", "repeat", "split"),
    "score": ("score", "metric", "value", "result"),
}
"""The names by which a column is found if none is given, the first one first; case does not matter."""

SEED_NAME = re.compile(r"(?:seed|fold|run)?[ _=-]?(\d+)", re.IGNORECASE)
NO_SCORE = "it has no score"
MAX_LABEL = 100
MAX_NAMED = 5
"""Faults of one kind that an error lists."""


@dataclass(frozen=True)
class Names:
    """The names of the columns, where the user gives them."""

    arm: str | None = None
    seed: str | None = None
    score: str | None = None


@dataclass(frozen=True)
class ScoredRun:
    """One run of a table.

    Attributes:
        score: None if there is none that can be compared.
        place: where it is in the table.
        fault: why it has no score: `its score is NaN`; empty for a run that has one.
    """

    arm: str
    seed: Seed
    score: float | None
    place: str
    fault: str = ""


def read_runs(table: Rows, names: Names) -> tuple[list[ScoredRun], str]:
    """The runs of a table, in its order, and the name of the score.

    Raises:
        AblateError: a column is missing or not obvious, a cell is not what it should be, or a run is there twice.
    """
    found = Names(*(_find(table, role, getattr(names, role)) for role in OBVIOUS))
    runs, score = _read(table, found)
    runs = _without_repeated(_with_one_kind_of_seed(runs))
    _check_unique(table, runs)
    return runs, score


def _find(table: Rows, role: str, given: str | None) -> str | None:
    """The column of a role; None if none is given and none is obvious."""
    if given is not None:
        matches = [name for name in table.columns if given in (name, _bare(name))]
        if len(matches) != 1:
            fact = f"--{role} {quote(given)} is {'the name of several columns' if matches else 'not a column'}"
            raise AblateError(f"{table.source}: {fact}; {suggest(given, matches or table.columns)}")
        return matches[0]
    lower = {_bare(name).lower(): name for name in reversed(table.columns)}
    return next((lower[name] for name in OBVIOUS[role] if name in lower), None)


def _bare(name: str) -> str:
    """The name of a column without what MLflow puts before it."""
    return re.sub(r"^(params|tags|metrics)\.", "", name)


def _read(table: Rows, names: Names) -> tuple[list[ScoredRun], str]:
    if names.arm and names.seed:
        score = names.score or _only_number(table, {names.arm, names.seed})
        cells = (
            (row.get(names.arm), row.get(names.seed), row.get(score), place)
            for row, place in zip(table.rows, table.places, strict=True)
        )
        return [_run(table, *cell) for cell in cells], score
    if names.arm:
        by_seed = {name: match[1] for name in table.columns if (match := SEED_NAME.fullmatch(name))}
        if not by_seed:
            raise _unclear(table, "seed", "runs are compared in pairs of the same seed (or fold)")
        return [
            _run(table, row.get(names.arm), by_seed[name], row[name], place)
            for row, name, place in _cells(table, by_seed)
        ], "score"
    if names.seed:
        arms = [name for name in table.columns if name != names.seed]
        return [
            _run(table, name, row.get(names.seed), row[name], place) for row, name, place in _cells(table, arms)
        ], "score"
    raise _unclear(table, "arm", "a long table has the arm of each run, a wide one a column `seed` and one per arm")


def _cells(table: Rows, columns: Iterable[str]) -> Iterator[tuple[Mapping[str, Any], str, str]]:
    """The cells of a table that has several runs in a row, without empty ones: the row, the column and the place."""
    for row, place in zip(table.rows, table.places, strict=True):
        for name in columns:
            if not _is_empty(row.get(name)):
                yield row, name, f"{place}, column {name}"


def _only_number(table: Rows, taken: set[str]) -> str:
    """The one column besides these that has only numbers."""
    others = [name for name in table.columns if name not in taken]
    if len(others) == 1:
        return others[0]
    numeric = [name for name in others if all(_is_number(row.get(name)) for row in table.rows)]
    if len(numeric) != 1:
        fact = "several columns have numbers" if numeric else "no other column has only numbers"
        allowed = ", ".join(numeric or others)
        raise AblateError(f"{table.source}: {fact}; name the one with the scores: --score; allowed: {allowed}")
    return numeric[0]


def _unclear(table: Rows, role: str, why: str) -> AblateError:
    fact = f"no column is obviously the {role}; {why}"
    return AblateError(f"{table.source}: {fact}; name it with --{role}; allowed: {', '.join(table.columns)}")


def _is_empty(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell)


def _is_number(cell: Any) -> bool:
    if isinstance(cell, bool):
        return False
    try:
        float(cell)
    except (TypeError, ValueError):
        return _is_empty(cell)
    return True


def _run(table: Rows, arm: Any, seed: Any, score: Any, place: str) -> ScoredRun:
    where = f"{table.source}: {place}"
    name = "" if _is_empty(arm) or arm != arm else str(arm)
    if not name.isprintable() or name != name.strip() or not 1 <= len(name) <= 100 or "|" in name:
        rule = "an arm's name must be 1 to 100 printable characters, without '|' and surrounding spaces"
        raise AblateError(f"{where}: {rule} (given: {quote(arm)})")
    label = _seed(seed)
    if not label and label != 0:
        rule = "a seed must be a number, or a label of 1 to 100 printable characters"
        raise AblateError(f"{where}: {rule} (given: {quote(seed)})")
    if _is_empty(score):
        return ScoredRun(name, label, None, place, NO_SCORE)
    if not _is_number(score):
        raise AblateError(f"{where}: a score must be a number (given: {quote(score)})")
    value = float(score)
    if math.isfinite(value):
        return ScoredRun(name, label, value, place)
    return ScoredRun(name, label, None, place, "its score is NaN" if math.isnan(value) else "its score is infinite")


def _seed(cell: Any) -> Seed:
    """The seed in a cell: an integer, which some formats make a float, or a label; empty if it is neither."""
    with suppress(TypeError, ValueError, OverflowError):
        number = int(cell) if isinstance(cell, str) else float(cell)
        if number == int(number) and 0 <= number < 2**63 and not isinstance(cell, bool):
            return int(number)
    text = "" if _is_empty(cell) or cell != cell else str(cell).strip()
    return text if text.isprintable() and len(text) <= MAX_LABEL else ""


def _with_one_kind_of_seed(runs: list[ScoredRun]) -> list[ScoredRun]:
    """The runs with labels for all seeds, if any seed is not an integer."""
    if all(isinstance(run.seed, int) for run in runs):
        return runs
    return [replace(run, seed=str(run.seed)) for run in runs]


def _without_repeated(runs: list[ScoredRun]) -> list[ScoredRun]:
    """The runs without those that ended without a score and were repeated."""
    counts = Counter((run.arm, run.seed) for run in runs if run.fault != NO_SCORE)
    return [run for run in runs if run.fault != NO_SCORE or not counts[run.arm, run.seed]]


def _check_unique(table: Rows, runs: list[ScoredRun]) -> None:
    places: dict[tuple[str, Seed], list[str]] = {}
    for run in runs:
        places.setdefault((run.arm, run.seed), []).append(run.place)
    twice = [f"{quote(arm)} seed {seed} ({', '.join(at)})" for (arm, seed), at in places.items() if len(at) > 1]
    if twice:
        more = f" and {len(twice) - MAX_NAMED} more" if len(twice) > MAX_NAMED else ""
        rule = "each arm must have one score per seed"
        raise AblateError(f"{table.source}: {rule}; there are several of {'; '.join(twice[:MAX_NAMED])}{more}")
