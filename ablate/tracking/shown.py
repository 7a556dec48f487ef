"""What MLflow should show of a run, from the record alone and without MLflow. The mirror sends what differs from it."""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass

from ablate.metrics import METRICS
from ablate.records.judged import replace_diverged_scores
from ablate.records.models import Result
from ablate.records.record import MISSING, Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.artefacts import artefact_kinds
from ablate.tracking.tags import ADOPTED_TAG, ARM_TAG, ERROR_TAG, REQUESTED_TAG, RUN_TAG, STATUS_TAG, STUDY_TAG

IN_MLFLOW = {
    "unfinished": "KILLED",
    "lost": "KILLED",
    "failed": "FAILED",
    "timed out": "FAILED",
    "set aside": "FAILED",
    "finished": "FINISHED",
    "diverged": "FINISHED",
}
"""Recorded status -> MLflow's status, for a run that is not being trained."""

MAX_ERROR = 500
"""In characters: how much of an error is shown."""


@dataclass(frozen=True)
class Shown:
    """What MLflow should show of a recorded run.

    Attributes:
        name: of the run.
        status: in MLflow's words, while the run is not being trained.
        tags: by name, all texts.
        scores: the results by which the run is judged, by the name of their metric.
        ended: when it ended or failed, in Unix seconds; None if it has not.
        files: digest of its files and of the list of their kinds; empty if it has none, since it has not ended.
    """

    name: str
    status: str
    tags: dict[str, str]
    scores: dict[str, float]
    ended: float | None
    files: str

    @property
    def digest(self) -> str:
        """A digest of all of it."""
        return _hash(vars(self))


def show(run_id: str, requested: RequestedRuns, record: Record) -> Shown | None:
    """What MLflow should show of a run; None if nothing of it is recorded, or the study never requested it."""
    label, result = requested.label(run_id), record.result(run_id)
    status = result.status if result else record.status(run_id)
    if status == "absent" or label is None:
        return None
    failure = record.failure(run_id) if status in MISSING else None
    tags = {
        RUN_TAG: run_id,
        ARM_TAG: label.arm,
        STUDY_TAG: requested.study,
        REQUESTED_TAG: requested.kind(run_id),
        STATUS_TAG: status,
        ERROR_TAG: failure.reason[:MAX_ERROR] if failure else "",
        "mlflow.source.name": "ablate sweep",
    }
    ended = result.ended if result else failure.time if failure else None
    own = _of_result(result) if result else ({}, {}, "")
    return Shown(str(label), IN_MLFLOW[status], tags | own[0], own[1], ended, own[2])


def _of_result(result: Result) -> tuple[dict[str, str], dict[str, float], str]:
    """The tags, the scores and the digest of the files of a run that has ended."""
    tags = {f"env.{name}": str(value) for name, value in result.environment.items()}
    if result.adopted:
        tags[ADOPTED_TAG] = result.adopted
    judged = replace_diverged_scores(result.status, result.results)
    scores = {name: value for name, value in judged.items() if name in METRICS and math.isfinite(value)}
    files = _hash([artefact_kinds(), result.model_dump()])  # the result has the checksums of the other files
    return tags, scores, files


def _hash(facts: object) -> str:
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
