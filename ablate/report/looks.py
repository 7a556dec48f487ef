"""With which seeds verdicts could be read: those added afterwards are an uncorrected look, which has to be said.

data/looks.json    for each data that gave a verdict, in their order: its `seeds` and its `runs`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablate.files import read_json, write_json
from ablate.planning import plan
from ablate.study import Study


def earlier_looks(study: Study, folder: Path) -> list[tuple[int, ...]]:
    """The seeds of earlier reports that judged some of the present runs, where these were others."""
    runs = {run.id for run in plan(study)}
    seen = [tuple(look["seeds"]) for look in _looks(folder) if runs & set(look["runs"])]
    return [seeds for seeds in seen if set(seeds) != set(study.seeds)]


def note_look(study: Study, folder: Path) -> None:
    """Put down that a verdict can be read with the present seeds."""
    look = {"seeds": list(study.seeds), "runs": sorted(run.id for run in plan(study))}
    looks = _looks(folder)
    if look not in looks:
        write_json(folder / "data" / "looks.json", [*looks, look])


def _looks(folder: Path) -> list[dict[str, Any]]:
    looks: list[dict[str, Any]] | None = read_json(folder / "data" / "looks.json")
    return looks or []
