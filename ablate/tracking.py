"""The MLflow mirror: a thread of the driver that reads the record and tells MLflow. No training waits for it.

What was told is read from MLflow itself, so that telling twice changes nothing, and what it missed (a server away, a
deleted run, a deleted database) is told by the next sweep. One experiment a study, one flat run a (study, run).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ablate.metrics import METRICS
from ablate.planning import cells
from ablate.record import Record
from ablate.scenes import Task
from ablate.settings import Run, dotted
from ablate.study import Study
from ablate.training.events import Event, Row

if TYPE_CHECKING:
    from mlflow import MlflowClient

RUN_TAG, ARM_TAG, STUDY_TAG = "ablate.run", "ablate.arm", "ablate.study"
STATUS_TAG, ERROR_TAG = "ablate.status", "ablate.error"


def tracking_uri() -> str:
    """`MLFLOW_TRACKING_URI`, or the file in the current folder where a bare `mlflow ui` looks.

    Absolute, since MLflow keeps the stores that it has opened by their addresses.
    """
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{Path.cwd() / 'mlflow.db'}"


PATIENCE = 3
"""Runs in a row that may be refused before the others have to wait for the next time."""


class Mirror:
    """Within its context, tells MLflow of every run of a study as it is recorded; at the end, of all it has missed."""

    def __init__(self, study: Study, record: Record, warn: Callable[[str], None]) -> None:
        self.study, self.record, self.warn = study, record, warn
        self.experiment: str | None = None
        # not a Queue: a Ctrl-C inside its `put` can lose the wake-up, and then this thread is waited for in vain
        self.news: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self.thread = threading.Thread(target=self._work, name="ablate mirror", daemon=True)
        self.warned = False

    def __call__(self, run: Run, event: Event) -> None:
        """Take note that the record of a run has changed."""
        self.news.put(run.id)

    def __enter__(self) -> Mirror:
        self.thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.news.put(None)
        self.thread.join()

    def _work(self) -> None:
        store: Store | None = None
        for changed in _batches(self.news):
            try:
                store = store or Store(self.study, self.record)
            except Exception as error:  # whatever it is: no training ends for want of a tracking server
                self._warn_once(error)
                continue
            self.experiment = store.experiment
            self._tell(store, store.cells if changed is None else changed, leaving=changed is None)

    def _tell(self, store: Store, runs: Iterable[str], *, leaving: bool) -> None:
        """Tell of each run; one that MLflow refuses silences no other, but a server that refuses all is left alone."""
        refused = 0
        for run_id in runs:
            try:
                store.tell(run_id, leaving=leaving)
                refused = 0
            except Exception as error:
                self._warn_once(error)
                refused += 1
            if refused == PATIENCE:
                return

    def _warn_once(self, error: Exception) -> None:
        if not self.warned:
            reason = f"{type(error).__name__}: {error}".replace(tracking_uri(), shown_uri(tracking_uri()))
            reason = reason.splitlines()[0][:200]
            self.warn(f"MLflow at {shown_uri(tracking_uri())} cannot be told now ({reason}).")
            self.warn("Nothing is lost: the runs go on, and the next `ablate sweep` tells it what it missed.")
        self.warned = True


def _batches(news: queue.SimpleQueue[str | None]) -> Iterator[list[str] | None]:
    """What has changed since last asked, each run once; None, once, at the end."""
    while True:
        items = [news.get()]
        while not news.empty():
            items.append(news.get())
        yield list(dict.fromkeys(item for item in items if item is not None))
        if None in items:
            yield None
            return


@dataclass
class Told:
    """What MLflow knows of a run; `described`: its settings and its dataset."""

    mlflow_id: str
    status: str = "RUNNING"
    epochs: int = 0
    described: bool = False


class Store:
    """One study's experiment in MLflow."""

    def __init__(self, study: Study, record: Record) -> None:
        self.study, self.record = study, record
        self.cells = {cell.run.id: cell for cell in cells(study)}
        self.client = _client()
        self.experiment = self._experiment()
        self.told = self._what_was_told()

    def _experiment(self) -> str:
        found = self.client.get_experiment_by_name(self.study.name)
        if found is None:
            local = tracking_uri().startswith("sqlite:")
            location = (Path.cwd() / "mlruns" / self.study.name).as_uri() if local else None
            tags = {"mlflow.note.content": self.study.question, "mlflow.experimentKind": "custom_model_development"}
            created: str = self.client.create_experiment(self.study.name, artifact_location=location, tags=tags)
            return created
        if found.lifecycle_stage == "deleted":
            self.client.restore_experiment(found.experiment_id)
        return str(found.experiment_id)

    def _what_was_told(self) -> dict[str, Told]:
        told: dict[str, Told] = {}
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment], f"tags.`{RUN_TAG}` != ''", max_results=500, page_token=token
            )
            for run in page:
                ended = run.info.status == "FINISHED"
                epochs = 0 if ended else len(self.client.get_metric_history(run.info.run_id, "train/loss"))
                told[run.data.tags[RUN_TAG]] = Told(run.info.run_id, run.info.status, epochs)
            token = page.token
            if not token:
                return told

    def tell(self, run_id: str, *, leaving: bool = False) -> None:
        """Tell what MLflow does not know of a run yet; when `leaving`, an unfinished one is no longer running."""
        status, when = self._status(run_id, leaving)
        told = self.told.get(run_id)
        if status is None or (told and told.status == "FINISHED"):
            return
        rows = self.record.epochs(run_id)
        if told is None:
            told = self.told[run_id] = Told(self._create(run_id))
        elif told.status == status != "RUNNING" and told.epochs == len(rows):
            return
        if not told.described:
            self._describe(told, run_id)
        if told.status != "RUNNING":
            self.client.update_run(told.mlflow_id, status="RUNNING")
            told.status = "RUNNING"
        self._tell_epochs(told, rows)
        if status == "FINISHED":
            self._tell_results(told, run_id, rows)
        if status == "FAILED":
            self.client.set_tag(told.mlflow_id, ERROR_TAG, self.record.failure(run_id)["reason"][:500])
        if status != "RUNNING":
            self.client.set_terminated(told.mlflow_id, status=status, end_time=int(when * 1000))
            told.status = status

    def _status(self, run_id: str, leaving: bool) -> tuple[str | None, float]:
        """A run's status in MLflow's words, None if it never started; and the recorded time of its end."""
        status = self.record.status(run_id)
        if status == "absent":
            return None, 0
        if self.record.ended(run_id):
            return "FINISHED", self.record.result(run_id)["ended"]
        if status == "failed":
            return "FAILED", self.record.failure(run_id)["time"]
        rows = self.record.epochs(run_id)
        return "KILLED" if leaving else "RUNNING", rows[-1]["time"] if rows else self.record.began(run_id)

    def _create(self, run_id: str) -> str:
        arm, seed, _ = self.cells[run_id]
        tags = {RUN_TAG: run_id, ARM_TAG: arm.name, STUDY_TAG: self.study.name, "mlflow.source.name": "ablate sweep"}
        began = int(self.record.began(run_id) * 1000)
        name = f"{arm.name} seed {seed}"
        return str(self.client.create_run(self.experiment, start_time=began, tags=tags, run_name=name).info.run_id)

    def _describe(self, told: Told, run_id: str) -> None:
        """A run's settings and its dataset; MLflow takes the same ones twice as once."""
        from mlflow.entities import Param

        run = self.cells[run_id].run
        self.client.log_batch(told.mlflow_id, params=[Param(name, str(value)) for name, value in dotted(run).items()])
        self.client.log_inputs(told.mlflow_id, datasets=[_dataset(run)])
        told.described = True

    def _tell_epochs(self, told: Told, rows: list[Row]) -> None:
        """The epochs that are new, in batches of less than a thousand numbers."""
        while new := rows[told.epochs : told.epochs + 100]:
            metrics = [
                metric for row in new for metric in _metrics(row, int(row["time"] * 1000), step=int(row["epoch"]))
            ]
            self.client.log_batch(told.mlflow_id, metrics=metrics)
            told.epochs += len(new)

    def _tell_results(self, told: Told, run_id: str, rows: list[Row]) -> None:
        from mlflow.entities import RunTag

        from ablate.pictures import curves_picture, sample_picture

        result = self.record.result(run_id)
        tags = {STATUS_TAG: result["status"], ERROR_TAG: ""} | {
            f"env.{name}": str(v) for name, v in result["environment"].items()
        }
        ended = int(result["ended"] * 1000)
        self.client.log_batch(
            told.mlflow_id,
            metrics=list(_metrics(result["results"], ended, step=0)),
            tags=[RunTag(name, value) for name, value in tags.items()],
        )
        folder = self.record.folder(run_id)
        for name in ("run.json", "epochs.json", "result.json", "weights.safetensors"):
            if (folder / name).exists():
                self.client.log_artifact(told.mlflow_id, str(folder / name))
        if rows:
            self.client.log_figure(told.mlflow_id, curves_picture(rows), "curves.png")
        if arrays := self.record.arrays(run_id):
            self.client.log_figure(told.mlflow_id, sample_picture(arrays), "sample.png")


def _client() -> MlflowClient:
    """A quiet client that gives up within seconds where a server is down (MLflow's own default is four minutes)."""
    quiet = {
        "MLFLOW_DISABLE_TELEMETRY": "true",
        "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
        "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
        "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
        "MLFLOW_LOGGING_LEVEL": "WARNING",
    }
    for name, value in quiet.items():
        os.environ.setdefault(name, value)
    from mlflow import MlflowClient

    logging.getLogger("alembic").setLevel(logging.WARNING)
    return MlflowClient(tracking_uri=tracking_uri())


def _metrics(values: Mapping[str, float], milliseconds: int, step: int) -> Iterator[Any]:
    from mlflow.entities import Metric

    return (Metric(name, value, milliseconds, step) for name, value in values.items() if name in METRICS)


def _dataset(run: Run) -> Any:
    """The task as MLflow's Dataset column shows it."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    task = Task.of(run.model, run.data)
    facts = {"image_size": task.image_size, "channels": task.channels, **task.data.model_dump()}
    text = json.dumps(facts, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    dataset = Dataset("scenes", digest, source_type="code", source="ablate.make_scenes", profile=text)
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", "training")])


def shown_uri(uri: str) -> str:
    """A URI without the user name and password that may stand in it."""
    parts = urlsplit(uri)
    return parts._replace(netloc=parts.netloc.rsplit("@", 1)[-1]).geturl()


def address(experiment: str) -> str:
    """What to type or open to see an experiment: the tracking server's page, or `mlflow ui` and its page."""
    uri, page = tracking_uri(), f"#/experiments/{experiment}/runs?workflowType=machine_learning"
    if uri.startswith("http"):
        return f"{shown_uri(uri).rstrip('/')}/{page}"
    elsewhere = f" --backend-store-uri {shown_uri(uri)}" if "MLFLOW_TRACKING_URI" in os.environ else ""
    return f"mlflow ui{elsewhere}, then http://127.0.0.1:5000/{page}"
