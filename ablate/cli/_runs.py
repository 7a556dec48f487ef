"""The options of commands that take one trained run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ablate.errors import AblateError

if TYPE_CHECKING:
    from ablate.pipeline.trained import FoundRun
    from ablate.records.record import Record

Study = Annotated[Path | None, typer.Option(metavar="STUDY", help="In place of RUN: a study, with --arm and --seed.")]
Arm = Annotated[str | None, typer.Option(help="With --study: the name of the arm, as in the report.")]
Seed = Annotated[int | None, typer.Option(help="With --study: the seed.")]


def find_run(record: Record, beginning: str | None, study: Path | None, arm: str | None, seed: int | None) -> FoundRun:
    """The run that the user means.

    Raises:
        AblateError: it is not clear which, or there is none.
    """
    from ablate.pipeline.trained import find_by_id, find_by_label

    if study is not None and arm is not None and seed is not None and beginning is None:
        return find_by_label(record, study, arm, seed)
    if beginning is None or study is not None or arm is not None or seed is not None:
        raise AblateError("which run? allowed: the beginning of its id, or --study STUDY --arm ARM --seed SEED")
    return find_by_id(record, beginning)
