"""`ablate schema`: the JSON schema with which an editor completes and checks a study or a search."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ablate.cli._shared import app


@app.command()
def schema(
    of_search: Annotated[bool, typer.Option("--search", help="Print the schema of search files instead.")] = False,
) -> None:
    """Print the JSON schema of study files.

    Editors use it to complete and check studies (experiments/study.schema.json is this output).
    """
    from ablate.studies.schema import search_schema, study_schema

    typer.echo(json.dumps(search_schema() if of_search else study_schema(), indent=1))
