"""One study's experiment in MLflow: compares it with the record, and sends what differs."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.settings import TASK_SETTINGS
from ablate.tracking.artefacts import send_artefacts
from ablate.tracking.connection import connect
from ablate.tracking.experiment import open_experiment
from ablate.tracking.shown import Shown, show
from ablate.tracking.sync_notes import SentFiles, load_notes, save_notes
from ablate.tracking.sync_state import OF_EPOCHS, SyncState, read_states, start_time
from ablate.variants.choices import PREFIX

if TYPE_CHECKING:
    from mlflow.entities import Metric

MAX_REFUSED_SECONDS = 5.0
"""If runs are refused for so long, and none is accepted, MLflow is assumed to be down, and the others wait."""

MAX_BATCH_SIZE = 900
"""Numbers sent in one request; MLflow accepts a thousand, tags and settings included."""


class Store:
    """A study's experiment in MLflow, created if there is none, and what it had when this object was made.

    `sync_states` is read from MLflow once, and kept up to date while numbers are sent: asking for each run's history
    after each epoch would cost far more than sending. After an error it can be wrong, since a request may have been
    carried out although its answer was lost. Make another object then.

    Attributes:
        check_files: whether to list the files of each run, to find what was deleted by hand; a request per run.
        files_error: why files were refused, the last time that some were.
    """

    def __init__(self, requested: RequestedRuns, record: Record, *, check_files: bool = False) -> None:
        self.requested, self.record, self.check_files = requested, record, check_files
        self.files_error: Exception | None = None
        self.client = connect()
        opened = open_experiment(self.client, requested.study, requested.question, record.root)
        self.experiment, self.name = str(opened.experiment_id), opened.name
        self.notes = load_notes(record.root, requested.study)
        self.sync_states = read_states(self.client, self.experiment, requested, record)

    def send_all(
        self,
        waiting: dict[str, None],
        unfiled: dict[str, None],
        live: Collection[str],
        on_sent: Callable[[], None],
        *,
        files: bool = True,
    ) -> None:
        """Send each waiting run, which goes from `waiting` to `unfiled`, and then the files of these.

        `live` runs are being trained. Without `files`, no files are sent.

        A run that MLflow refuses does not keep the others from being sent, and files that it refuses keep nothing else:
        they stay in `unfiled`, and `files_error` says why. `on_sent` is called for each run.

        Raises:
            Exception: MLflow's last, if a run is still waiting.
        """

        def send(run_id: str) -> None:
            self.send(run_id, is_live=run_id in live)
            unfiled[run_id] = None

        error = _send_each(waiting, send, on_sent)
        if files:
            self.files_error = _send_each(unfiled, self.send_files, on_sent)
        self.notes.is_complete = not waiting and not unfiled
        save_notes(self.record.root, self.requested.study, self.notes)
        if error is not None:
            raise error

    def send(self, run_id: str, *, is_live: bool = False) -> None:
        """Send what MLflow does not have of a run, or has with other values; files are not part of it."""
        shown, began = show(run_id, self.requested, self.record), start_time(self.record, run_id)
        if shown is None or began is None:  # if the file is damaged, the next sweep repairs it
            return
        state = self.sync_states.get(run_id)
        if state and state.began != began:  # it was started over
            self.client.delete_run(state.mlflow_id)
            state = None
        state = state or self._create(run_id, shown, began)
        status = "RUNNING" if is_live and shown.status == "KILLED" else shown.status
        if state.name != shown.name:
            self.client.update_run(state.mlflow_id, name=shown.name)
            state.name = shown.name
        points = [*self._new_epochs(state, run_id), *_new_scores(state, shown)]
        tags = {name: text for name, text in shown.tags.items() if state.tags.get(name) != text}
        if points or tags or not state.is_described:
            self._log(state, run_id, points, tags)
        self._set_status(state, run_id, shown, status)
        state.shown = shown if status == shown.status else None

    def send_files(self, run_id: str) -> None:
        """Send the files of a run that has ended, unless MLflow has them. Whatever else it has was sent before."""
        state = self.sync_states.get(run_id)
        if state is None or state.shown is None:
            self.notes.runs.pop(run_id, None)
            return
        if state.shown.files and not self._has_files(state, state.shown.files):
            names = send_artefacts(self.client, state.mlflow_id, self.record, run_id)
            self.notes.files[state.mlflow_id] = SentFiles(state.shown.files, names)
        self.notes.runs[run_id] = state.shown.digest

    def _has_files(self, state: SyncState, digest: str) -> bool:
        sent = self.notes.files.get(state.mlflow_id)
        if sent is None or sent.digest != digest:
            return False
        return not self.check_files or set(sent.names) <= {
            item.path for item in self.client.list_artifacts(state.mlflow_id)
        }

    def _log(self, state: SyncState, run_id: str, points: list[Metric], tags: Mapping[str, str]) -> None:
        """Log numbers and, with the first of them, tags, and settings and dataset if they are missing.

        Requests are few because each of them is a transaction. MLflow accepts the same settings and dataset again.
        """
        from mlflow.entities import Param, RunTag

        facts = None if state.is_described else self.record.facts(run_id)
        settings = facts.settings | {"seed": facts.seed} if facts else {}
        params = [Param(name, str(value)) for name, value in settings.items()]
        run_tags = [RunTag(name, value) for name, value in tags.items()]
        for start in range(0, len(points) or 1, MAX_BATCH_SIZE):
            batch = points[start : start + MAX_BATCH_SIZE]
            # synchronous, whatever MLFLOW_ENABLE_ASYNC_LOGGING says: a refusal would otherwise remain unknown
            self.client.log_batch(state.mlflow_id, metrics=batch, params=params, tags=run_tags, synchronous=True)
            if state.points is not None:
                state.points |= {(point.key, point.step) for point in batch}
            state.scores |= {point.key: point.value for point in batch if point.key not in OF_EPOCHS}
            params, run_tags = [], []
        state.tags |= tags
        if settings:
            self.client.log_inputs(state.mlflow_id, datasets=[_dataset(settings)])
            state.is_described = True

    def _set_status(self, state: SyncState, run_id: str, shown: Shown, status: str) -> None:
        """Set a status and the time of the end, after all numbers: a run that has its final status is complete."""
        if status == "RUNNING":
            if state.status != status:
                self.client.update_run(state.mlflow_id, status=status)
                state.status = status
            return
        ended = int((shown.ended or self._newest_time(run_id)) * 1000)
        if (state.status, state.ended) != (status, ended):
            self.client.set_terminated(state.mlflow_id, status=status, end_time=ended)
            state.status, state.ended = status, ended

    def _newest_time(self, run_id: str) -> float:
        """When the newest epoch of a run ended, or else when the run began, in Unix seconds."""
        rows = self.record.epochs(run_id)
        return rows[-1]["time"] if rows else self.record.start_time(run_id)

    def _create(self, run_id: str, shown: Shown, began: int) -> SyncState:
        run = self.client.create_run(self.experiment, start_time=began, tags=shown.tags, run_name=shown.name)
        state = SyncState(run.info.run_id, began, shown.name, tags=dict(shown.tags))
        self.sync_states[run_id] = state
        return state

    def _new_epochs(self, state: SyncState, run_id: str) -> Iterator[Metric]:
        """The recorded numbers of epochs that MLflow does not have."""
        if state.points is None:
            return
        for row in self.record.epochs(run_id):
            for name, value in row.items():
                if name in OF_EPOCHS and (name, int(row["epoch"])) not in state.points:
                    yield _metric(name, value, row["time"], int(row["epoch"]))


def _send_each(waiting: dict[str, None], send: Callable[[str], None], on_sent: Callable[[], None]) -> Exception | None:
    """Send what is waiting, and remove what was accepted; returns the last error.

    What was refused waits behind the others. If nothing has been accepted for a while, the rest is not tried: MLflow is
    then most likely down, and each further request would only wait for its timeout.
    """
    accepted_at, last_error = time.monotonic(), None
    for run_id in list(waiting):
        try:
            send(run_id)
        except Exception as error:  # of whatever kind, since the next run may be accepted
            last_error, waiting[run_id] = error, waiting.pop(run_id)
            if time.monotonic() - accepted_at > MAX_REFUSED_SECONDS:
                break
        else:
            accepted_at = time.monotonic()
            del waiting[run_id]
            on_sent()
    return last_error


def _new_scores(state: SyncState, shown: Shown) -> Iterator[Metric]:
    """The scores that MLflow does not have, or has with another value. Of several values it shows the newest."""
    now = time.time()
    for name, value in shown.scores.items():
        if state.scores.get(name) != value:
            yield _metric(name, value, now if name in state.scores else shown.ended or now, step=0)


def _metric(name: str, value: float, seconds: float, step: int) -> Metric:
    from mlflow.entities import Metric

    return Metric(name, value, int(seconds * 1000), step)


def _dataset(settings: Mapping[str, Any]) -> Any:
    """The task, in the form that MLflow shows in its Dataset column."""
    from mlflow.entities import Dataset, DatasetInput, InputTag

    source = settings.get("data.source", "scenes")
    own = tuple(f"{PREFIX}{name}" for name in (source, *settings.get("data.noise", ())))  # where they are the user's
    prefixes = (*TASK_SETTINGS, *(f"{name}." for name in own))
    task = {name: value for name, value in settings.items() if name.startswith(prefixes) or name in own}
    text = json.dumps(task, sort_keys=True)
    if source == "images":
        folder = Path(settings["data.path"])
        dataset = Dataset(folder.name, settings["data.content"], source_type="local", source=str(folder), profile=text)
    else:
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        made_by = "ablate.make_scenes" if source == "scenes" else f"{source}, a part of the study"
        dataset = Dataset(source, digest, source_type="code", source=made_by, profile=text)
    return DatasetInput(dataset, tags=[InputTag("mlflow.data.context", "training")])
