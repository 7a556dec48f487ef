"""`ablate status`: the status of every requested run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.cli._shared import OptionalFile, app, out

if TYPE_CHECKING:
    from pathlib import Path

    from ablate.pipeline.status import Overview
    from ablate.records.requests import RequestedRuns

CALM = ("finished", "diverged", "pruned", "not needed", "not started")
"""Runs with these statuses are counted, but not listed."""


@app.command()
def status(
    study_file: OptionalFile = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print every run as JSON.")] = False,
) -> None:
    """Show the status of every run.

    It prints which runs are finished, diverged, running, interrupted, pruned (a trial that its search has stopped), not
    needed (by any look of their study), lost, failed or timed out, and which are not yet in MLflow. Runs that need no
    attention are only counted; the others are listed.
    """
    from ablate.pipeline.status import look_over
    from ablate.records.record import Record

    record = Record()
    found = [look_over(requested, record) for requested in _requested(study_file, record.root)]
    if as_json:
        print(json.dumps([overview.plain() for overview in found], indent=1))
    else:
        _show(found)


def _requested(study_file: Path | None, root: Path) -> list[RequestedRuns]:
    from ablate.records.requests import load_all_requested, requested_by

    if study_file is None:
        return load_all_requested(root)
    from ablate.studies.loading import load

    return [requested_by(root, load(study_file))]


def _show(found: list[Overview]) -> None:
    if not found:
        out.print("No study has been swept in this folder yet.")
        return
    for overview in found:
        counts = ", ".join(f"{count} {state}" for state, count in overview.counts().items() if count)
        out.print(f"{overview.study}: {counts}", soft_wrap=True)
        for run in overview.runs:
            if run.status not in CALM:
                out.print(f"  {run}", soft_wrap=True)
        if overview.former:
            names = ", ".join(run.name for run in overview.former)
            what = (
                "of earlier trials, which may be drawn again"
                if overview.is_drawing
                else "no longer requested, but kept"
            )
            out.print(f"  {what}: {names}", soft_wrap=True)
    if any(overview.counts()["not yet in MLflow"] for overview in found):
        out.print("`ablate sync` sends them.")
