"""One study's experiment in MLflow: what it has, and what it has yet to be told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.metrics import EPOCH_METRICS, METRICS
from ablate.records.models import Failure, Result
from ablate.records.record import FAILED, Record
from ablate.records.requests import RequestedRuns
from ablate.settings import TASK_SETTINGS
from ablate.tracking.artefacts import send_artefacts
from ablate.tracking.connection import connect, tracking_uri
from ablate.tracking.sync_notes import IN_MLFLOW, save
from ablate.tracking.tags import ADOPTED_TAG, ARM_TAG, ERROR_TAG, RUN_TAG, STATUS_TAG, STUDY_TAG

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.entities import Run as MlflowRun

PATIENCE = 3
"""Runs in a row that may be refused before the others have to wait for the next time."""

MOST = 900
"""Numbers in one batch; MLflow takes a thousand."""


@dataclass
class SyncState:
    """What MLflow knows of a run: `points`, each epoch's numbers by (metric, step); `described`: what it is."""

    mlflow_id: str
    status: str = "RUNNING"
    described: bool = False
    points: set[tuple[str, int]] = field(default_factory=set)


class Store:
    """Opened on what MLflow has at that moment: after an error, open another."""

    def __init__(self, requested: RequestedRuns, record: Record) -> None:
        self.requested, self.record, known = requested, record, requested.all_runs()
        self.client = connect()
        self.experiment = self._experiment()
        self.told = {run_id: self._adopt(found) for run_id, found in self._find().items() if run_id in known}

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(self.requested.study)
        if found is None:
            local = tracking_uri().startswith("sqlite:")
            location = (Path.cwd() / "mlruns" / self.requested.study).as_uri() if local else None
            tags = {"mlflow.note.content": self.requested.question, "mlflow.experimentKind": "custom_model_development"}
            created: str = self.client.create_experiment(self.requested.study, artifact_location=location, tags=tags)
            return created
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _find(self) -> dict[str, list[MlflowRun]]:
        """MLflow's runs of each of ours, deleted ones too."""
        from mlflow.entities import ViewType

        found: dict[str, list[MlflowRun]] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment], f"tags.`{RUN_TAG}` != ''", ViewType.ALL, max_results=500, page_token=token
            )
            for run in page:
                found.setdefault(run.data.tags[RUN_TAG], []).append(run)
            token = page.token
            if not token:
                return found

    def _adopt(self, found: list[MlflowRun]) -> SyncState:
        """The one to go on with: a deleted one is restored, and one made twice (its answer was lost) is made one."""

        def rank(run: MlflowRun) -> tuple[bool, bool, int]:
            return run.info.lifecycle_stage != "active", run.info.status != "FINISHED", run.info.start_time

        kept, *others = sorted(found, key=rank)
        if kept.info.lifecycle_stage != "active":
            self.client.restore_run(kept.info.run_id)
        for other in others:
            if other.info.lifecycle_stage == "active":
                self.client.delete_run(other.info.run_id)
        described = bool(kept.data.params and kept.inputs and kept.inputs.dataset_inputs)
        finished = kept.info.status == "FINISHED"
        points = {(name, 0) for name in kept.data.metrics} if finished else self._points(kept)
        return SyncState(kept.info.run_id, kept.info.status, described, points)

    def _points(self, run: MlflowRun) -> set[tuple[str, int]]:
        per_epoch = [metric.name for metric in EPOCH_METRICS if metric.name in run.data.metrics]
        points = {(name, 0) for name in run.data.metrics if name not in per_epoch}
        for name in per_epoch:
            points |= {(name, point.step) for point in self.client.get_metric_history(run.info.run_id, name)}
        return points

    def tell_all(self, waiting: dict[str, Any], live: Collection[str], on_told: Callable[[], None]) -> None:
        """Tell of each run that waits, take it out of `waiting` and call `on_told`; `live` ones are being trained.

        A run that MLflow refuses silences no other, but one that refuses all is left alone.

        Raises:
            Exception: MLflow's last, if a run still waits.
        """
        refused, last = 0, None
        for run_id in list(waiting):
            try:
                self.tell(run_id, live=run_id in live)
            except Exception as error:  # whatever it is, the next run may be taken
                refused, last = refused + 1, error
                if refused == PATIENCE:
                    break
            else:
                refused = 0
                del waiting[run_id]
                on_told()
        save(self.record.root, self.requested.study, {run_id: told.status for run_id, told in self.told.items()})
        if last is not None:
            raise last

    def tell(self, run_id: str, *, live: bool = False) -> None:
        """Tell what MLflow does not know of a run yet."""
        recorded = self.record.status(run_id)
        told = self.told.get(run_id)
        if recorded == "absent":
            return
        if told and told.status == "FINISHED":
            self._tell_new_scores(told, run_id)
            return
        status = "RUNNING" if live and recorded == "unfinished" else IN_MLFLOW[recorded]
        told = told or self._create(run_id)
        new = self._new_points(told, run_id)
        if told.described and told.status == status and not new:
            return
        self._open(told, run_id)
        for start in range(0, len(new), MOST):
            self.client.log_batch(told.mlflow_id, metrics=new[start : start + MOST])
            told.points |= {(point.key, point.step) for point in new[start : start + MOST]}
        if status != "RUNNING":
            self._close(told, run_id, status)

    def _tell_new_scores(self, told: SyncState, run_id: str) -> None:
        """What a run that MLflow has finished was scored by since."""
        result = self.record.result(run_id)
        points = list(_points_of(result.results, result.ended, step=0)) if result else []
        if new := [point for point in points if (point.key, point.step) not in told.points]:
            self.client.log_batch(told.mlflow_id, metrics=new)
            told.points |= {(point.key, point.step) for point in new}

    def _open(self, told: SyncState, run_id: str) -> None:
        if not told.described:
            self._describe(told, run_id)
        if told.status != "RUNNING":
            self.client.update_run(told.mlflow_id, status="RUNNING")
            told.status = "RUNNING"

    def _close(self, told: SyncState, run_id: str, status: str) -> None:
        """Tell how a run ended, its status last: a run that has it lacks nothing."""
        if result := self.record.result(run_id):
            self._tell_result(told, run_id, result)
        elif failure := self.record.failure(run_id):
            self._tell_failure(told, failure)
        self.client.set_terminated(told.mlflow_id, status=status, end_time=int(self._ended(run_id) * 1000))
        told.status = status

    def _ended(self, run_id: str) -> float:
        """When a run ended, or was last heard of, in Unix seconds."""
        if result := self.record.result(run_id):
            return result.ended
        if self.record.status(run_id) in FAILED and (failure := self.record.failure(run_id)):
            return failure.time
        rows = self.record.epochs(run_id)
        return rows[-1]["time"] if rows else self.record.start_time(run_id)

    def _create(self, run_id: str) -> SyncState:
        label = self.requested.all_runs()[run_id]  # a search's runs become known as it goes on
        tags = {
            RUN_TAG: run_id,
            ARM_TAG: label.arm,
            STUDY_TAG: self.requested.study,
            "mlflow.source.name": "ablate sweep",
        }
        began = int(self.record.start_time(run_id) * 1000)
        created = self.client.create_run(self.experiment, start_time=began, tags=tags, run_name=str(label))
        self.told[run_id] = SyncState(created.info.run_id)
        return self.told[run_id]

    def _describe(self, told: SyncState, run_id: str) -> None:
        """A run's settings and its dataset; MLflow takes the same ones twice as once."""
        from mlflow.entities import Param

        facts = self.record.facts(run_id)
        if facts is None:  # damaged, which a sweep repairs
            return
        settings = facts.settings | {"seed": facts.seed}
        self.client.log_batch(told.mlflow_id, params=[Param(name, str(value)) for name, value in settings.items()])
        self.client.log_inputs(told.mlflow_id, datasets=[_dataset(settings)])
        told.described = True

    def _new_points(self, told: SyncState, run_id: str) -> list[Metric]:
        """The numbers of the record that MLflow does not have."""
        points = [point for row in self.record.epochs(run_id) for point in _points_of(row, row["time"], row["epoch"])]
        if result := self.record.result(run_id):
            points += _points_of(result.results, result.ended, step=0)
        return [point for point in points if (point.key, point.step) not in told.points]

    def _tell_failure(self, told: SyncState, failure: Failure) -> None:
        self.client.set_tag(told.mlflow_id, STATUS_TAG, failure.status)
        self.client.set_tag(told.mlflow_id, ERROR_TAG, failure.reason[:500])

    def _tell_result(self, told: SyncState, run_id: str, result: Result) -> None:
        from mlflow.entities import RunTag

        tags = {STATUS_TAG: result.status, ERROR_TAG: ""} | {
            f"env.{name}": str(value) for name, value in result.environment.items()
        }
        if result.adopted:
            tags[ADOPTED_TAG] = Path(result.adopted).as_posix()
        self.client.log_batch(told.mlflow_id, tags=[RunTag(name, value) for name, value in tags.items()])
        send_artefacts(self.client, told.mlflow_id, self.record, run_id)


def _points_of(values: Mapping[str, float], seconds: float, step: float) -> Iterator[Metric]:
    from mlflow.entities import Metric

    for name, value in values.items():
        if name in METRICS:
            yield Metric(name, value, int(seconds * 1000), int(step))


def _dataset(settings: Mapping[str, Any]) -> Any:
    """The task as MLflow's Dataset column shows it."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    task = {name: value for name, value in settings.items() if name.startswith(TASK_SETTINGS)}
    text = json.dumps(task, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    dataset = Dataset("scenes", digest, source_type="code", source="ablate.make_scenes", profile=text)
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", "training")])
