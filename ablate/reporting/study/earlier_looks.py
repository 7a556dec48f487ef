"""With which seeds verdicts could be read: those added afterwards are an uncorrected look, which has to be said.

data/looks.json    for each data that gave a verdict, in their order: its `seeds`, the numbers of them at which it was
                   `planned` to look (missing: once, at all of them), and its `runs`
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablate.records.files import read_json, write_json
from ablate.studies.planning import Design


def earlier_looks(design: Design, folder: Path) -> list[tuple[int, ...]]:
    """The seeds of earlier reports that judged some of the present runs, where these or their plan were others."""
    runs, planned = {run.id for run in design.runs}, _planned(design)
    seen = [look for look in _looks(folder) if runs & set(look["runs"])]
    other = [look for look in seen if set(look["seeds"]) != set(design.seeds) or look.get("planned", []) != planned]
    return [tuple(look["seeds"]) for look in other]


def note_look(design: Design, folder: Path) -> None:
    """Put down that a verdict can be read with the present seeds."""
    look: dict[str, Any] = {"seeds": list(design.seeds), "runs": sorted(run.id for run in design.runs)}
    look |= {"planned": planned} if (planned := _planned(design)) else {}
    looks = _looks(folder)
    if look not in looks:
        write_json(folder / "data" / "looks.json", [*looks, look])


def _planned(design: Design) -> list[int]:
    return [look.seeds for look in design.looks] if len(design.looks) > 1 else []


def _looks(folder: Path) -> list[dict[str, Any]]:
    looks: list[dict[str, Any]] | None = read_json(folder / "data" / "looks.json")
    return looks or []
