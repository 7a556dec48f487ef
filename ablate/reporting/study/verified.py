"""The runs that were trained again to verify them, written by `ablate verify`.

data/verified.csv    one row per run: its arm, seed and id, when the recorded run ended (Unix seconds), the date (UTC)
                     on which it was last trained again, the outcome, and the reason
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal, get_args

import pandas as pd

from ablate.records.files import make_folder, write_atomic
from ablate.reporting.study.reading import reading

Outcome = Literal["same bits", "within tolerance", "another result", "not trained"]

CONFIRMED: tuple[Outcome, ...] = ("same bits", "within tolerance")
"""The outcomes that confirm what was recorded."""

REFUTED: Outcome = "another result"

VERIFIED = "verified.csv"

SECONDS = 1e-3
"""By how much two times of one event may differ: tables are read with fewer digits than they have."""


@dataclass(frozen=True)
class Verified:
    """A run that was trained again; `ended` says which record of it that was compared with."""

    arm: str
    seed: int
    run: str
    ended: float
    date: str
    outcome: Outcome
    reason: str


TYPES = {field.name: {"seed": int, "ended": float}.get(field.name, str) for field in fields(Verified)}


def record_verified(new: Verified, folder: Path) -> None:
    """Write the outcome of a run into `folder`/data, in place of an earlier one."""
    found = _read(folder / "data") | {new.run: new}
    table = pd.DataFrame(list(map(asdict, found.values())))
    make_folder(folder / "data")
    write_atomic(folder / "data" / VERIFIED, table.to_csv(index=False).encode())


def read_verified(data: Path, runs: pd.DataFrame) -> list[Verified]:
    """The runs of a table that were verified as they are recorded now, in its order; empty if none was.

    Raises:
        AblateError: the file is damaged.
    """
    found = _read(data)
    recorded = ((found[run], ended) for run, ended in zip(runs.run, runs.ended, strict=True) if run in found)
    return [item for item, ended in recorded if math.isclose(item.ended, ended, rel_tol=0, abs_tol=SECONDS)]


def _read(data: Path) -> dict[str, Verified]:
    path = data / VERIFIED
    if not path.exists():
        return {}
    with reading(path):
        table = pd.read_csv(path, dtype=TYPES, keep_default_na=False)
        found = [Verified(*row) for row in table[list(TYPES)].itertuples(index=False)]
        if unknown := {item.outcome for item in found} - {*get_args(Outcome)}:
            raise ValueError(f"unknown outcome {', '.join(unknown)}")
        return {item.run: item for item in found}
