"""The files of a report: two pages, their figures and the headline numbers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablate.records.files import write_atomic, write_json
from ablate.reporting.markup.document import Document
from ablate.reporting.markup.rendering import html, markdown


def write_files(folder: Path, content: Document, figures: dict[str, str], numbers: dict[str, Any]) -> None:
    """Write a report: its figures, both pages with the figures that could be drawn, and its numbers."""
    _write_figures(figures, folder / "figures")
    shown = content.without_pictures(figures)
    write_atomic(folder / "README.md", markdown(shown).encode())
    write_atomic(folder / "report.html", html(shown, figures).encode())
    write_json(folder / "metrics.json", numbers)


def _write_figures(figures: dict[str, str], folder: Path) -> None:
    """Write these figures, and remove those of an earlier report that this one does not have."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.svg"):
        if old.stem not in figures:
            old.unlink()
    for name, content in figures.items():
        write_atomic(folder / f"{name}.svg", content.encode())
