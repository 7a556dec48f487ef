"""`ablate schema`: what an editor needs to complete and check a study."""

from __future__ import annotations

import json

import typer

from ablate.cli.app import app


@app.command()
def schema() -> None:
    """Print the JSON schema of study files, for editors: experiments/study.schema.json."""
    from ablate.schema import study_schema

    typer.echo(json.dumps(study_schema(), indent=1))
