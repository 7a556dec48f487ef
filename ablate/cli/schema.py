"""`ablate schema`: what an editor needs to complete and check a study or a search."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ablate.cli._shared import app


@app.command()
def schema(
    of_search: Annotated[bool, typer.Option("--search", help="That of search files: search.schema.json.")] = False,
) -> None:
    """Print the JSON schema of study files, for editors: experiments/study.schema.json."""
    from ablate.studies.schema import search_schema, study_schema

    typer.echo(json.dumps(search_schema() if of_search else study_schema(), indent=1))
