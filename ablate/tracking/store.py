"""One study's experiment in MLflow: compares it with the record, and sends what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.metrics import EPOCH_METRICS, METRICS
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

MAX_REFUSED_IN_ROW = 3
"""After so many refused runs in a row, MLflow is assumed to be down, and the others wait for the next attempt."""

MAX_BATCH_SIZE = 900
"""Numbers sent in one request; MLflow accepts a thousand, tags and settings included."""


@dataclass
class SyncState:
    """What MLflow has of a run.

    Attributes:
        mlflow_id: MLflow's own id of the run.
        status: its status in MLflow's words.
        is_described: whether its settings and its dataset are there.
        points: the numbers that are there, each by (metric, step); results have step 0.
    """

    mlflow_id: str
    status: str = "RUNNING"
    is_described: bool = False
    points: set[tuple[str, int]] = field(default_factory=set)


class Store:
    """A study's experiment in MLflow, created if there is none, and what it had when this object was made.

    `sync_states` is read from MLflow once, and kept up to date while numbers are sent: asking for each run's history
    after each epoch would cost far more than sending. After an error it can be wrong, since a request may have been
    carried out although its answer was lost. Make another object then.
    """

    def __init__(self, requested: RequestedRuns, record: Record) -> None:
        self.requested, self.record, known = requested, record, requested.all_runs()
        self.client = connect()
        self.experiment = self._open_experiment()
        self.sync_states = {
            run_id: self._read_state(copies) for run_id, copies in self._find_runs().items() if run_id in known
        }

    def _open_experiment(self) -> str:
        """Find the study's experiment, restore it or create it; returns its id."""
        found = self.client.get_experiment_by_name(self.requested.study)
        if found is None:
            # a server decides itself where files go; with a local database they go below the current folder
            is_local = tracking_uri().startswith("sqlite:")
            location = (Path.cwd() / "mlruns" / self.requested.study).as_uri() if is_local else None
            tags = {"mlflow.note.content": self.requested.question, "mlflow.experimentKind": "custom_model_development"}
            created: str = self.client.create_experiment(self.requested.study, artifact_location=location, tags=tags)
            return created
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _find_runs(self) -> dict[str, list[MlflowRun]]:
        """Find the MLflow runs of each of our runs, by its id; deleted ones are included."""
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

    def _read_state(self, copies: list[MlflowRun]) -> SyncState:
        """Keep one of the MLflow runs of a run, and read what it has.

        The one kept is restored if it was deleted. There are several if MLflow created a run, but its answer was lost
        and the run was created again; the others are deleted.
        """

        def rank(run: MlflowRun) -> tuple[bool, bool, int]:  # active ones first, then finished ones, then the oldest
            return run.info.lifecycle_stage != "active", run.info.status != "FINISHED", run.info.start_time

        kept, *others = sorted(copies, key=rank)
        if kept.info.lifecycle_stage != "active":
            self.client.restore_run(kept.info.run_id)
        for other in others:
            if other.info.lifecycle_stage == "active":
                self.client.delete_run(other.info.run_id)
        is_described = bool(kept.data.params and kept.inputs and kept.inputs.dataset_inputs)
        # A finished run has all its epochs, so their history, one request per metric, is not read.
        is_finished = kept.info.status == "FINISHED"
        points = {(name, 0) for name in kept.data.metrics} if is_finished else self._read_points(kept)
        return SyncState(kept.info.run_id, kept.info.status, is_described, points)

    def _read_points(self, run: MlflowRun) -> set[tuple[str, int]]:
        per_epoch = [metric.name for metric in EPOCH_METRICS if metric.name in run.data.metrics]
        points = {(name, 0) for name in run.data.metrics if name not in per_epoch}
        for name in per_epoch:
            points |= {(name, point.step) for point in self.client.get_metric_history(run.info.run_id, name)}
        return points

    def send_all(self, waiting: dict[str, Any], live: Collection[str], on_sent: Callable[[], None]) -> None:
        """Send each waiting run, remove it from `waiting` and call `on_sent`; `live` runs are being trained.

        A run that MLflow refuses does not keep the others from being sent. Several refused in a row do: MLflow is then
        most likely down, and each further request would only wait for its timeout.

        Raises:
            Exception: MLflow's last, if a run is still waiting.
        """
        refused_in_row, last_error = 0, None
        for run_id in list(waiting):
            try:
                self.send(run_id, is_live=run_id in live)
            except Exception as error:  # of whatever kind, since the next run may be accepted
                refused_in_row, last_error = refused_in_row + 1, error
                if refused_in_row == MAX_REFUSED_IN_ROW:
                    break
            else:
                refused_in_row = 0
                del waiting[run_id]
                on_sent()
        statuses = {run_id: state.status for run_id, state in self.sync_states.items()}
        save(self.record.root, self.requested.study, statuses)
        if last_error is not None:
            raise last_error

    def send(self, run_id: str, *, is_live: bool = False) -> None:
        """Send what MLflow does not have of a run."""
        recorded = self.record.status(run_id)
        state = self.sync_states.get(run_id)
        if recorded == "absent":
            return
        if state and state.status == "FINISHED":
            self._send_new_scores(state, run_id)
            return
        status = "RUNNING" if is_live and recorded == "unfinished" else IN_MLFLOW[recorded]
        end_tags = {} if status == "RUNNING" else self._end_tags(run_id)
        if state is None:
            state, end_tags = self._create(run_id, end_tags), {}
        new = self._new_points(state, run_id)
        if state.is_described and state.status == status and not new:
            return
        if state.status != "RUNNING":  # it was killed or has failed, and may be trained again
            self.client.update_run(state.mlflow_id, status="RUNNING")
            state.status = "RUNNING"
        self._log(state, run_id, new, end_tags)
        if status != "RUNNING":
            self._close(state, run_id, status)

    def _send_new_scores(self, state: SyncState, run_id: str) -> None:
        """Send the scores that were added to a run after MLflow had it as finished."""
        result = self.record.result(run_id)
        points = list(_points_of(result.results, result.ended, step=0)) if result else []
        if new := [point for point in points if (point.key, point.step) not in state.points]:
            self.client.log_batch(state.mlflow_id, metrics=new)
            state.points |= {(point.key, point.step) for point in new}

    def _log(self, state: SyncState, run_id: str, points: list[Metric], end_tags: Mapping[str, str]) -> None:
        """Log numbers and, with the first of them, these tags, and settings and dataset if they are missing.

        Requests are few because each of them is a transaction. MLflow accepts the same settings and dataset again.
        """
        from mlflow.entities import Param, RunTag

        # if the file is damaged, the next sweep repairs it, and then the settings are sent
        facts = None if state.is_described else self.record.facts(run_id)
        settings = facts.settings | {"seed": facts.seed} if facts else {}
        params = [Param(name, str(value)) for name, value in settings.items()]
        tags = [RunTag(name, value) for name, value in end_tags.items()]
        for start in range(0, len(points) or 1, MAX_BATCH_SIZE):
            batch = points[start : start + MAX_BATCH_SIZE]
            self.client.log_batch(state.mlflow_id, metrics=batch, params=params, tags=tags)
            state.points |= {(point.key, point.step) for point in batch}
            params, tags = [], []
        if settings:
            self.client.log_inputs(state.mlflow_id, datasets=[_dataset(settings)])
            state.is_described = True

    def _close(self, state: SyncState, run_id: str, status: str) -> None:
        """Send the files of a run that has ended, and its status last: a run that has its final status is complete."""
        if self.record.has_ended(run_id):
            send_artefacts(self.client, state.mlflow_id, self.record, run_id)
        self.client.set_terminated(state.mlflow_id, status=status, end_time=int(self._end_time(run_id) * 1000))
        state.status = status

    def _end_time(self, run_id: str) -> float:
        """When a run ended, or else when its newest epoch did, in Unix seconds."""
        if result := self.record.result(run_id):
            return result.ended
        if self.record.status(run_id) in FAILED and (failure := self.record.failure(run_id)):
            return failure.time
        rows = self.record.epochs(run_id)
        return rows[-1]["time"] if rows else self.record.start_time(run_id)

    def _create(self, run_id: str, end_tags: Mapping[str, str]) -> SyncState:
        label = self.requested.all_runs()[run_id]  # looked up now: a search adds runs while it proceeds
        tags = {
            RUN_TAG: run_id,
            ARM_TAG: label.arm,
            STUDY_TAG: self.requested.study,
            "mlflow.source.name": "ablate sweep",
            **end_tags,
        }
        began = int(self.record.start_time(run_id) * 1000)
        created = self.client.create_run(self.experiment, start_time=began, tags=tags, run_name=str(label))
        self.sync_states[run_id] = SyncState(created.info.run_id)
        return self.sync_states[run_id]

    def _new_points(self, state: SyncState, run_id: str) -> list[Metric]:
        """The recorded numbers that MLflow does not have."""
        points = [point for row in self.record.epochs(run_id) for point in _points_of(row, row["time"], row["epoch"])]
        if result := self.record.result(run_id):
            points += _points_of(result.results, result.ended, step=0)
        return [point for point in points if (point.key, point.step) not in state.points]

    def _end_tags(self, run_id: str) -> dict[str, str]:
        """How a run ended, and where it was trained."""
        if result := self.record.result(run_id):
            environment = {f"env.{name}": str(value) for name, value in result.environment.items()}
            adopted = {ADOPTED_TAG: Path(result.adopted).as_posix()} if result.adopted else {}
            return {STATUS_TAG: result.status, ERROR_TAG: ""} | environment | adopted
        if failure := self.record.failure(run_id):
            return {STATUS_TAG: failure.status, ERROR_TAG: failure.reason[:500]}
        return {}


def _points_of(values: Mapping[str, float], seconds: float, step: float) -> Iterator[Metric]:
    from mlflow.entities import Metric

    for name, value in values.items():
        if name in METRICS:
            yield Metric(name, value, int(seconds * 1000), int(step))


def _dataset(settings: Mapping[str, Any]) -> Any:
    """The task, in the form that MLflow shows in its Dataset column."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    task = {name: value for name, value in settings.items() if name.startswith(TASK_SETTINGS)}
    text = json.dumps(task, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    dataset = Dataset("scenes", digest, source_type="code", source="ablate.make_scenes", profile=text)
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", "training")])
