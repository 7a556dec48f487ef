"""What the record's files say of a run, as types: validated when they are read, and what is invalid is not there.

Numbers keep their kind: an epoch that was written as 30 is read as 30, not as 30.0. Nothing is converted: "30" and
true are not numbers. Neither are NaN and the infinities, which are never written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from ablate.metrics import Metric
from ablate.records.files import write_json

STRICT = ConfigDict(strict=True, allow_inf_nan=False)
Number = int | float
Broken = Literal["failed", "timed out"]
Outcome = Literal["finished", "diverged"]


class Stored(BaseModel):
    """The content of a file; keys that only another version knows are ignored."""

    model_config = ConfigDict(**STRICT, frozen=True, extra="ignore")

    def write(self, path: Path) -> None:
        """Write it atomically, without what it does not say."""
        write_json(path, self.model_dump(exclude_unset=True))


class RunFacts(Stored):
    """`run.json`: what a run is, its settings by their dotted names, and when it began in Unix seconds."""

    id: str
    recipe: int
    seed: int
    settings: dict[str, Any]
    began: Number


class Result(Stored):
    """`result.json`: how a run ended, and when.

    Attributes:
        results: its result metrics by name.
        environment: versions, device and commit of what trained it.
        adopted: the data that it was taken over from, for a run that was not trained here.
        files: the checksums of the other files, which the result vouches for.
    """

    status: Outcome
    results: dict[str, Number]
    environment: dict[str, Any]
    adopted: str | None = None
    ended: Number
    files: dict[str, str] = {}

    def has_score(self, metric: Metric) -> bool:
        """Whether the run can be judged by a metric; a diverged one scores what answering zero does."""
        return (metric.at("zero") if self.status == "diverged" else metric).name in self.results


class Failure(Stored):
    """`failure.json`: why an attempt at a run broke, and whether another one goes on (`again`)."""

    status: Broken
    reason: str
    trace: str = ""
    time: Number
    again: bool = False


EPOCHS = TypeAdapter(list[dict[str, Number]], config=STRICT)
"""`epochs.json`: one row per epoch."""

Model = TypeVar("Model", bound=BaseModel)


def read_stored(path: Path, model: type[Model]) -> Model | None:
    """The content of a file; None if there is no such file, or it is damaged or not of this kind."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def read_epochs(path: Path) -> list[dict[str, Number]]:
    """The epochs of a file; none if there is no such file, or it is damaged."""
    try:
        return EPOCHS.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return []
