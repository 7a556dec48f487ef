"""Reads what MLflow has of each run of a study, and deletes duplicates and the runs of earlier training."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ablate.metrics import EPOCH_METRICS
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.paging import all_pages
from ablate.tracking.shown import Shown
from ablate.tracking.tags import REQUESTED_TAG, RUN_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

OF_EPOCHS = frozenset(metric.name for metric in EPOCH_METRICS)
"""The metrics that have a value for each epoch; the others have one for the run."""


@dataclass
class SyncState:
    """What MLflow has of a run.

    Attributes:
        mlflow_id: MLflow's own id of the run.
        began: when it began, in milliseconds.
        name, status, tags: as they are there.
        is_described: whether its settings and its dataset are there.
        scores: the newest value of each metric of the run; those of epochs are not among them.
        points: the numbers of epochs that are there, each by (metric, epoch); None if all are there.
        ended: when it ended, in milliseconds.
        shown: what it should show, once that has been sent, except for files.
    """

    mlflow_id: str
    began: int
    name: str
    status: str = "RUNNING"
    tags: dict[str, str] = field(default_factory=dict)
    is_described: bool = False
    scores: dict[str, float] = field(default_factory=dict)
    points: set[tuple[str, int]] | None = field(default_factory=set)
    ended: int | None = None
    shown: Shown | None = None


def read_states(
    client: MlflowClient, experiment: str, requested: RequestedRuns, record: Record
) -> dict[str, SyncState]:
    """What MLflow has of each run that a study has ever requested. Other runs of ours become former ones.

    So does one that the record has lost, until it is trained again and takes the place of that one.
    """
    states = {}
    for run_id, copies in _find_runs(client, experiment).items():
        if requested.label(run_id) is None:
            _mark_as_former(client, copies)
        elif record.status(run_id) == "absent":
            _mark_as_former(client, copies)
            for run in copies:
                if run.info.lifecycle_stage == "active":
                    states[run_id] = _read_state(client, run)
                    states[run_id].tags[REQUESTED_TAG] = "former"
        elif kept := _keep_one(client, copies, start_time(record, run_id)):
            states[run_id] = _read_state(client, kept)
    return states


def start_time(record: Record, run_id: str) -> int | None:
    """When a run began, in milliseconds; None if that is not known. A run that is trained again begins again."""
    seconds = record.start_time(run_id)
    return int(seconds * 1000) if math.isfinite(seconds) else None


def _find_runs(client: MlflowClient, experiment: str) -> dict[str, list[MlflowRun]]:
    """Find the MLflow runs of each of our runs, by its id; deleted ones are included."""
    from mlflow.entities import ViewType

    found: dict[str, list[MlflowRun]] = {}
    options = {"filter_string": f"tags.`{RUN_TAG}` != ''", "run_view_type": ViewType.ALL, "max_results": 500}
    for run in all_pages(client.search_runs, experiment_ids=[experiment], **options):
        found.setdefault(run.data.tags[RUN_TAG], []).append(run)
    return found


def _mark_as_former(client: MlflowClient, runs: list[MlflowRun]) -> None:
    for run in runs:
        if run.info.lifecycle_stage == "active" and run.data.tags.get(REQUESTED_TAG) != "former":
            client.set_tag(run.info.run_id, REQUESTED_TAG, "former")


def _keep_one(client: MlflowClient, copies: list[MlflowRun], began: int | None) -> MlflowRun | None:
    """Keep one of the MLflow runs of a run, which is restored if it was deleted, and delete the others.

    These are copies, made because the answer to a request was lost, or of an earlier training, which began at another
    time.
    """
    same = [run for run in copies if began in (None, run.info.start_time)]
    kept = min(same, key=_rank, default=None)
    for other in copies:
        if other is not kept and other.info.lifecycle_stage == "active":
            client.delete_run(other.info.run_id)
    if kept and kept.info.lifecycle_stage != "active":
        client.restore_run(kept.info.run_id)
    return kept


def _rank(run: MlflowRun) -> tuple[bool, bool, int]:
    """Active runs come first, then finished ones, then the oldest."""
    return run.info.lifecycle_stage != "active", run.info.status != "FINISHED", run.info.start_time


def _read_state(client: MlflowClient, run: MlflowRun) -> SyncState:
    info = run.info
    return SyncState(
        mlflow_id=info.run_id,
        began=info.start_time,
        name=info.run_name,
        status=info.status,
        tags=dict(run.data.tags),
        is_described=bool(run.data.params and run.inputs and run.inputs.dataset_inputs),
        scores={name: value for name, value in run.data.metrics.items() if name not in OF_EPOCHS},
        # a finished run has all its epochs, so their history, one request per metric, is not read
        points=None if info.status == "FINISHED" else set(_read_points(client, run)),
        ended=info.end_time,
    )


def _read_points(client: MlflowClient, run: MlflowRun) -> Iterator[tuple[str, int]]:
    for name in OF_EPOCHS & run.data.metrics.keys():
        yield from ((name, point.step) for point in client.get_metric_history(run.info.run_id, name))
