"""Write the report of a search: two pages, figures, headline numbers and the best settings, from the data alone."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from ablate.project import STATE
from ablate.records.files import write_atomic
from ablate.records.requests import from_project
from ablate.reporting import REPORTS
from ablate.reporting.markup.figures import draw_all
from ablate.reporting.markup.files import write_files
from ablate.reporting.markup.kept_figures import draw_if_changed
from ablate.reporting.search.answer import answer, value
from ablate.reporting.search.content import document
from ablate.reporting.search.data import read
from ablate.reporting.search.figures import FIGURES
from ablate.reporting.search.model import SearchPage, build
from ablate.studies.search import Search


def search_folder(search: Search) -> Path:
    """The folder of a search's report."""
    return REPORTS / search.name


def write_search_report(search: Search, folder: Path) -> SearchPage:
    """Write a search's report from `folder`/data, and return what it says.

    Raises:
        AblateError: the data are missing.
    """
    page = build(search, read(search, folder))
    inputs = [search.model_dump_json().encode(), *map(Path.read_bytes, sorted((folder / "data").iterdir()))]
    figures = draw_if_changed(folder, inputs, lambda: draw_all(FIGURES, page))
    write_files(folder, document(page), figures, search_headlines(page))
    if page.best is not None:
        write_atomic(folder / "best.yaml", best_yaml(page).encode())
    else:  # that of an earlier report is not this search's
        (folder / "best.yaml").unlink(missing_ok=True)
    return page


def best_yaml(page: SearchPage) -> str:
    """The best settings as the `base` of a study, with a warning that their score is flattered."""
    assert page.best is not None
    score = f"{page.metric.name} {value(page, page.best.value)}"
    head = [
        f"# Trial {page.best.number} of the search {page.search.name}: {score}. As the best of many it looks better",
        f"# than it is: compare it on fresh seeds (the search used seed {page.search.seed}).",
        "base:",
    ]
    lines = [f"  {name}: {json.dumps(setting)}" for name, setting in page.settings.items()]  # JSON is YAML
    return "\n".join([*head, *lines]) + "\n"


def search_headlines(page: SearchPage) -> dict[str, Any]:
    """The headline numbers as plain data, for `dvc metrics` and for the page that lists all reports."""
    facts: dict[str, Any] = {
        **({"file": from_project(STATE, file)} if (file := page.search.file) else {}),
        "question": page.search.question,
        "answer": answer(page),
        "metric": page.metric.name,
        "trials": {state: page.count(state) for state in ("complete", "pruned", "failed")},
        "importance": {name: float(f"{share:.6g}") for name, share in page.importance.items()},
    }
    if page.best is not None and math.isfinite(page.best.value):
        best = {"trial": page.best.number, "value": float(f"{page.best.value:.6g}"), "settings": page.best.overrides}
        facts["best"] = best
    return facts
