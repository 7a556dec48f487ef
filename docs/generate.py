"""Write the generated tables of the documentation, the schemas for editors, and reports/anatomy.md: `make docs`.

A page marks the place of a table with two comments, `<!-- table: NAME -->` and `<!-- /table -->`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from html import unescape
from pathlib import Path
from typing import Any, get_args

import typer.main
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from typer.cli import get_docs_for_click

from ablate.cli import app
from ablate.metrics import METRICS, SEARCH_METRICS, STUDY_METRICS
from ablate.reporting.study.verdict_schema import verdict_schema
from ablate.settings import DEFAULTS, Settings
from ablate.studies.loading import load
from ablate.studies.schema import search_schema, study_schema
from ablate.studies.search import Search
from ablate.studies.space import Tune
from ablate.studies.study import Expectation, Study

GROUP: Any = typer.main.get_command(app)
ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
MARKED = re.compile(r"(<!-- table: (\S+) -->\n).*?(<!-- /table -->)", re.DOTALL)


def settings_table() -> str:
    """Every setting by its dotted name."""
    return _table(("setting", "default", "meaning"), map(_setting, DEFAULTS.items()))


def _setting(setting: tuple[str, object]) -> tuple[str, ...]:
    name, default = setting
    *parents, leaf = name.split(".")
    model: type[BaseModel] = Settings
    for parent in parents:
        model = model.model_fields[parent].annotation  # type: ignore[assignment]
    return f"`{name}`", f"`{_as_yaml(default)}`" if default != "" else "", _meaning(model.model_fields[leaf])


def keys_table(model: type[BaseModel]) -> str:
    """The keys of a mapping in a study or search file, from the model that validates it."""
    fields = [(field.alias or name, field) for name, field in model.model_fields.items() if name != "name"]
    return _table(("key", "default", "meaning"), ((f"`{key}`", _default(it), _meaning(it)) for key, it in fields))


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    return f"`{_as_yaml(field.default)}`" if isinstance(field.default, str | int) else ""


def _meaning(field: FieldInfo) -> str:
    choices = [f"`{choice}`" for choice in get_args(field.annotation) if isinstance(choice, str)]
    return f"{field.description}: {', '.join(choices)}" if choices else str(field.description)


def _as_yaml(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def studies_table() -> str:
    """Every study and search under experiments/, with its question."""
    loaded = map(load, sorted((ROOT / "experiments").glob("*.yaml")))
    rows = ((f"[{study.name}](../experiments/{study.name}.yaml)", study.question) for study in loaded)
    return _table(("study", "question"), rows)


def scores_table() -> str:
    """Every number that is recorded of a run, and what it can decide."""
    rows = (
        (f"`{name}`", metric.unit, "higher" if metric.higher_is_better else "lower", _decides(name), metric.description)
        for name, metric in METRICS.items()
    )
    return _table(("name", "unit", "better", "decides", "meaning"), rows)


def _decides(metric: str) -> str:
    return "studies" if metric in STUDY_METRICS else "searches" if metric in SEARCH_METRICS else ""


def commands_reference() -> str:
    """Every command with its arguments and options, from the same text as `--help`."""
    context = typer.Context(GROUP)
    pages = (
        get_docs_for_click(obj=command, ctx=context, indent=1, name=name, call_prefix="ablate")
        for name, command in GROUP.commands.items()
    )
    return unescape("\n".join(pages)).strip()


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


TABLES: dict[str, Callable[[], str]] = {
    "commands": commands_reference,
    "scores": scores_table,
    "settings": settings_table,
    "studies": studies_table,
    "study": lambda: keys_table(Study),
    "expect": lambda: keys_table(Expectation),
    "search": lambda: keys_table(Search),
    "tune": lambda: keys_table(Tune),
}


def generated(page: str) -> str:
    """A page with its tables as they should be.

    Raises:
        KeyError: a mark names no table of `TABLES`.
    """
    return MARKED.sub(lambda mark: f"{mark[1]}{TABLES[mark[2]]()}\n{mark[3]}", page)


def outputs() -> dict[Path, str]:
    """Every file that is wholly or in part generated here, and what should be in it."""
    from ablate.reporting.anatomy import render

    files = {page: generated(page.read_text()) for page in PAGES}
    schemas = {
        "experiments/study": study_schema(),
        "experiments/search": search_schema(),
        "docs/verdicts": verdict_schema(),
    }
    for name, schema in schemas.items():
        files[ROOT / f"{name}.schema.json"] = json.dumps(schema, indent=1) + "\n"
    return files | {ROOT / "reports" / "anatomy.md": render(ROOT / "reports")}


if __name__ == "__main__":
    for path, text in outputs().items():
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"wrote {path.relative_to(ROOT)}")
