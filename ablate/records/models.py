"""The contents of the record's files, as types that are validated when read. An invalid file counts as missing.

Nothing is converted: an epoch that was written as 30 is read as 30, not as 30.0, and "30" and true are not numbers.
NaN and the infinities are not allowed either, and never written.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from ablate.metrics import Metric
from ablate.records.files import write_json

STRICT = ConfigDict(strict=True, allow_inf_nan=False)
Number = int | float
FailureStatus = Literal["failed", "timed out", "set aside", "lost"]
ResultStatus = Literal["finished", "diverged"]


class Stored(BaseModel):
    """The content of a file; keys that only another version has are ignored."""

    model_config = ConfigDict(**STRICT, frozen=True, extra="ignore")

    def write(self, path: Path) -> None:
        """Write the content atomically, without the keys that were never set."""
        write_json(path, self.model_dump(exclude_unset=True))


class RunFacts(Stored):
    """`run.json`: what a run is, with its settings by their dotted names, and when it began, in Unix seconds."""

    id: str
    recipe: int
    seed: int
    settings: dict[str, Any]
    began: Number


class Result(Stored):
    """`result.json`: how a run ended, and when.

    Attributes:
        results: its result metrics by name.
        environment: versions, device and commit with which it was trained (`training.origin`).
        adopted: for a run that was not trained here, the data or the MLflow run that it was adopted from.
        ended: when it ended, in Unix seconds.
        files: the checksums of its other files, by name; a result counts only while all of them match.
    """

    status: ResultStatus
    results: dict[str, Number]
    environment: dict[str, Any]
    adopted: str | None = None
    ended: Number
    files: dict[str, str] = {}

    @model_validator(mode="before")
    @classmethod
    def _keep_finite_scores(cls, stored: Any) -> Any:
        """Read a run as finished that an older version called diverged, though it had scores, but low ones."""
        if isinstance(stored, dict) and stored.get("status") == "diverged" and "test/mse" in stored.get("results", {}):
            return stored | {"status": "finished"}
        return stored

    @property
    def has_only_scores(self) -> bool:
        """Whether the run was adopted from data that have no more of a run: no weights, and no arrays."""
        return bool(self.adopted) and "weights.safetensors" not in self.files

    def has_score(self, metric: Metric) -> bool:
        """Whether the run has a score by a metric; a diverged run is scored as if its network always returned zero."""
        return (metric.at("zero") if self.status == "diverged" else metric).name in self.results


class Failure(Stored):
    """`failure.json`: why a run has no result, and whether another attempt has started since (`again`).

    It failed, timed out, lost its worker twice in one sweep, or had a result, but was set aside because it could not be
    scored.
    """

    status: FailureStatus
    reason: str
    trace: str = ""
    time: Number
    again: bool = False

    @model_validator(mode="before")
    @classmethod
    def _tell_set_aside(cls, stored: Any) -> Any:
        """Read a run as set aside that an older version called failed: only the reason said that it was not."""
        if isinstance(stored, dict) and is_set_aside(stored.get("status"), stored.get("reason")):
            return stored | {"status": "set aside"}
        return stored


def is_set_aside(status: object, reason: object) -> bool:
    """Whether a run that an older version called failed was set aside, since it could not be scored.

    No other reason begins like this: that of an exception begins with its name.

    >>> is_set_aside("failed", "without test/mae; its weights are gone"), is_set_aside("failed", "ValueError: no")
    (True, False)
    """
    return status == "failed" and isinstance(reason, str) and reason.startswith("without ")


EPOCHS = TypeAdapter(list[dict[str, Number]], config=STRICT)
"""`epochs.json`: one row per epoch."""

Model = TypeVar("Model", bound=BaseModel)


def read_stored(path: Path, model: type[Model]) -> Model | None:
    """Read and validate a file; None if it does not exist or is damaged or of another kind."""
    try:
        return model.model_validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def read_epochs(path: Path) -> list[dict[str, Number]]:
    """Read the epochs in a file; empty if it does not exist or is damaged."""
    try:
        return EPOCHS.validate_json(path.read_bytes())
    except (FileNotFoundError, ValidationError):
        return []
