"""`ablate schema`: the JSON schemas of studies and searches, for editors, and of verdicts, for other programs."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from ablate.cli._shared import app
from ablate.errors import AblateError


@app.command()
def schema(
    of_search: Annotated[bool, typer.Option("--search", help="Print the schema of search files instead.")] = False,
    of_verdicts: Annotated[
        bool, typer.Option("--verdicts", help="Print the schema of the verdicts.json of reports instead.")
    ] = False,
) -> None:
    """Print the JSON schema of study files.

    Editors use it to complete and check studies (experiments/study.schema.json is this output).
    """
    from ablate.reporting.study.verdict_schema import verdict_schema
    from ablate.studies.schema import search_schema, study_schema

    if of_search and of_verdicts:
        raise AblateError("--search and --verdicts are schemas of different files; allowed: one of them")
    schema = verdict_schema() if of_verdicts else search_schema() if of_search else study_schema()
    typer.echo(json.dumps(schema, indent=1))
