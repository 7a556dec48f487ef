"""The example notebook runs from its first cell to its last, and shows what it says that it shows."""

from __future__ import annotations

from pathlib import Path

import nbformat
from nbclient import NotebookClient

from tests.helpers.committed import ROOT

NOTEBOOK = ROOT / "docs" / "python.ipynb"


def shown(notebook: nbformat.NotebookNode, source: str) -> dict[str, str]:
    """What the cell with this source shows, by its kind."""
    (cell,) = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source == source]
    (output,) = cell.outputs
    return dict(output.data)


def test_the_notebook_runs_and_its_result_shows_the_answer_and_the_verdicts(tmp_path: Path) -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    where = {"metadata": {"path": str(tmp_path)}}
    NotebookClient(notebook, timeout=300, kernel_name="python3", resources=where).execute()
    assert (tmp_path / "reports" / "skips" / "report.html").exists()
    page = shown(notebook, "result")["text/html"]
    assert "Do tiny networks need their skip connections?" in page
    assert "<td>skip=none</td>" in page
    assert "smallest_margin" in shown(notebook, "result.verdicts")["text/html"]
    assert "reports/skips" in shown(notebook, "ablate.report(study).path")["text/plain"]


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    assert all(not cell.outputs for cell in notebook.cells if cell.cell_type == "code")
