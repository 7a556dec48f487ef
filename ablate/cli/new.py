"""`ablate new`: a first study to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli._shared import app, terminal
from ablate.errors import AblateError


@app.command()
def new(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The study's name; the file is NAME.yaml.")],
) -> None:
    """Write a small, commented study to start from."""
    from importlib.resources import files

    from ablate.studies.loading import name_of

    path = Path(name if name.endswith(".yaml") else f"{name}.yaml")
    name_of(path)
    if path.exists():
        raise AblateError(f"{path} exists already; choose another name, or edit it")
    if not path.parent.is_dir():
        raise AblateError(f"there is no folder {path.parent} for {path.name}; create it first")
    template = files("ablate.studies") / "first_study.yaml"
    path.write_text(template.read_text(encoding="utf-8").replace("FILE", str(path)), encoding="utf-8")
    terminal.say(
        f"Study:   {path}\nPlan:    ablate sweep {path} --dry-run\nRun it:  ablate sweep {path}\nBrowse:  mlflow ui"
    )
