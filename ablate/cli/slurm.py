"""`ablate slurm`: a job for Slurm that sweeps on its nodes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from ablate.cli._shared import EitherFile, app, terminal


@app.command()
def slurm(
    study_file: EitherFile,
    nodes: Annotated[int, typer.Option(min=1, help="How many nodes.")],
    time: Annotated[
        str,
        typer.Option(
            metavar="H:MM:SS",
            help="The walltime of each job, also as D-HH:MM:SS. A job that does not end in it continues.",
        ),
    ],
    partition: Annotated[str | None, typer.Option(help="The partition. Default: that of the cluster.")] = None,
    account: Annotated[str | None, typer.Option(help="The account. Default: yours.")] = None,
    gpus_per_node: Annotated[
        str | None, typer.Option(metavar="[TYPE:]N", help="GPUs of each node, e.g. 4 or a100:4. Default: none.")
    ] = None,
    cpus_per_task: Annotated[
        int | None, typer.Option(min=1, help="Cores of each node that are used. Default: all.")
    ] = None,
    per_gpu: Annotated[int | None, typer.Option(min=1, help="Runs at a time on each GPU. Default: one.")] = None,
    submit: Annotated[bool, typer.Option("--submit", help="Submit the script instead of printing it.")] = False,
) -> None:
    """Print an sbatch script that sweeps a study (or runs a search) on the nodes of a Slurm cluster.

    The job starts a Ray cluster on its nodes. Before its walltime it ends itself and queues itself again.
    """
    from ablate.executors.slurm import SlurmJob, check_ray_is_installed
    from ablate.studies.loading import load
    from ablate.studies.search import Search

    study = load(study_file)
    check_ray_is_installed()
    word = "search" if isinstance(study, Search) else "sweep"
    command = ["ablate", word, os.path.relpath(study_file), "--executor", "ray"]
    command += ["--per-gpu", str(per_gpu)] if per_gpu else []
    options = {
        "partition": partition,
        "account": account,
        "gpus-per-node": gpus_per_node,
        "cpus-per-task": cpus_per_task,
    }
    given = {option: str(value) for option, value in options.items() if value is not None}
    job = SlurmJob(tuple(command), study.name, Path.cwd(), nodes, time, given)
    if submit:
        terminal.say(job.submit())
    else:
        typer.echo(job.script(), nl=False)
