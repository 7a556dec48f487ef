"""The seeds of earlier verdicts: seeds added after one could be read are an uncorrected look, and the page says so.

data/looks.json    a list with an entry for each export that gave a verdict: its `seeds`, its `runs`, and `planned`, the
                   numbers of seeds at which to look (missing: a single look, at all of them)
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablate.records.files import read_json, write_json
from ablate.studies.planning import Design

WRONG = {1: 9, 2: 12, 3: 14, 5: 17, 10: 22, 20: 27, 50: 33}
"""Number of further, uncorrected looks -> percent of studies with a wrong verdict after them, rounded up: the highest
of `benchmarks/further_looks.md`."""


def uncorrected_error(further: int) -> str:
    """How often a verdict is wrong after this many further looks.

    >>> uncorrected_error(1), uncorrected_error(4), uncorrected_error(60)
    ('up to 9%', 'up to 17%', 'over 33%')
    """
    highest = next((percent for looks, percent in WRONG.items() if looks >= further), None)
    return f"up to {highest}%" if highest else f"over {max(WRONG.values())}%"


def earlier_looks(design: Design, folder: Path) -> list[tuple[int, ...]]:
    """The seeds of earlier reports on some of the present runs that had other seeds, or planned other looks."""
    runs, planned = {run.id for run in design.runs}, _planned(design)
    seen = [look for look in _looks(folder) if runs & set(look["runs"])]
    changed = [look for look in seen if set(look["seeds"]) != set(design.seeds) or look.get("planned", []) != planned]
    return [tuple(look["seeds"]) for look in changed]


def record_look(design: Design, folder: Path) -> None:
    """Record that a verdict can be read with the present seeds."""
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
