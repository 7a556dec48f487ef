"""`ablate export`: a trained network as a program, and as a model in MLflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ablate.cli._runs import Arm, Seed, Study, find_run
from ablate.cli._shared import app, as_typed, terminal
from ablate.errors import AblateError


@app.command()
def export(
    context: typer.Context,
    run: Annotated[str | None, typer.Argument(metavar="RUN", help="A run, by its id or the beginning of it.")] = None,
    output: Annotated[Path | None, typer.Option(help="The file to write. Default: denoiser-RUN.pt2.")] = None,
    study: Study = None,
    arm: Arm = None,
    seed: Seed = None,
    register: Annotated[
        bool, typer.Option("--register", help="Register it in MLflow, too, for `mlflow models serve`.")
    ] = False,
) -> None:
    """Write a trained network as a program that needs only torch.

    It denoises batches of tiles of the network's image size. It is checked against the network before it is written.
    """
    from ablate.records.record import Record

    record = Record(warn=terminal.warn)
    found = find_run(record, run, study, arm, seed)
    if register and found.requested is None:
        raise AblateError(f"{found}: no study requests it, so it is not in MLflow; leave out --register")

    from ablate.pipeline.export import example, export_network
    from ablate.pipeline.trained import load_network

    model, path = load_network(found, record), as_typed(context, output or Path(f"denoiser-{found.run.id}.pt2"))
    difference = export_network(found, model, path)
    terminal.say(f"{found}: wrote {path}; its largest difference from the network on random tiles is {difference:.1g}.")
    if register and found.requested is not None:
        from ablate.records.identity import keep_apart_from_copies
        from ablate.tracking.registry import register as register_model

        keep_apart_from_copies(record.root, terminal.warn)
        made = register_model(model, example(found.run.model), found.requested.study, found.run.id, record.root)
        terminal.say(f"{'Registered' if made.is_new else 'Already registered'}: {made.address}")
        terminal.say(f"`mlflow models serve --env-manager local --model-uri {made.address}` serves it.")
