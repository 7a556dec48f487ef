"""Nothing is lost, duplicated or waited for when MLflow fails, hangs or is down."""

import socket
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Metric

from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.tracking.connection import connect, tracking_uri
from ablate.tracking.mirror import Mirror
from ablate.tracking.sync import TrackingError
from ablate.tracking.sync import sync as sync_store
from tests.helpers.mirrors import each_epoch_once, mlflow_runs, refuse, run_mirror
from tests.helpers.tiny import write_tiny_study


def test_a_batch_whose_answer_was_lost_is_not_logged_twice(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    log_batch = MlflowClient.log_batch

    def log_a_part(client: MlflowClient, run_id: str, metrics: Sequence[Metric] = (), **more: object) -> None:
        log_batch(client, run_id, metrics=metrics[: len(metrics) // 2], **more)  # type: ignore[arg-type]
        if metrics:
            raise ConnectionError("gone before the end")

    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, "log_batch", log_a_part)
        run_mirror(study, record)
    assert run_mirror(study, record) == []
    assert len(mlflow_runs()) == 4
    assert each_epoch_once(study)


def test_a_run_is_there_once_although_the_answer_to_its_creation_was_lost(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    create_run = MlflowClient.create_run

    def lost(client: MlflowClient, *words: object, **more: object) -> None:
        create_run(client, *words, **more)  # type: ignore[arg-type]
        create_run(client, *words, **more)  # type: ignore[arg-type]
        raise ConnectionError("gone before the answer")

    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, "create_run", lost)
        run_mirror(study, record)
    assert run_mirror(study, record) == []
    experiment = MlflowClient(tracking_uri=tracking_uri()).get_experiment_by_name("tiny")
    assert experiment is not None
    runs = MlflowClient(tracking_uri=tracking_uri()).search_runs([experiment.experiment_id])
    assert len(runs) == 4
    assert each_epoch_once(study)


def test_a_server_that_comes_back_during_a_sweep_gets_everything(
    workplace: Path, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.tracking.mirror.MIN_RETRY_DELAY", 0.1)
    study, record = load_study(write_tiny_study(workplace)), Record()
    warnings: list[str] = []
    with Mirror(RequestedRuns.of(study), record, warnings.append) as mirror:
        with monkeypatch.context() as away:
            away.setattr(MlflowClient, "search_runs", refuse)
            sweep(Fixed(study.runs), InProcessExecutor(), record, [mirror])
            while not warnings:
                time.sleep(0.05)
        while mirror.waiting:  # no event comes any more: the mirror retries without one
            time.sleep(0.05)
    assert len(warnings) == 1
    assert each_epoch_once(study)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_a_server_that_is_down_costs_two_warnings_and_gets_everything_later(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://user:secret@127.0.0.1:{free_port()}")
    at_start, at_end = run_mirror(study, record)
    assert "MLflow at http://127.0.0.1" in at_start
    assert "secret" not in at_start
    assert "`ablate sync`" in at_end
    with pytest.raises(TrackingError, match=r"http://127\.0\.0\.1"):
        sync_store(RequestedRuns.of(study), record)
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert run_mirror(study, record) == []
    assert len(mlflow_runs()) == 4


class Broken(BaseHTTPRequestHandler):
    """A server that answers 500 to everything."""

    def do_GET(self) -> None:
        self.send_error(500)

    do_POST = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None: ...


class Hanging(Broken):
    """A server that passes the health check, but answers nothing else until the event `over` is set."""

    over = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/health":
            self.send_response(200)
            self.end_headers()
        else:
            self.over.wait(60)

    do_POST = do_GET  # noqa: N815


@pytest.fixture
def bad_server(request: pytest.FixtureRequest, workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """MLflow's tracking URI is that of such a server."""
    Hanging.over.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), request.param)
    server.daemon_threads, server.block_on_close = True, False
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"http://127.0.0.1:{server.server_port}")
    yield
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("bad_server", [Broken, Hanging], indirect=True)
def test_a_sweep_survives_a_server_that_fails_or_hangs(
    bad_server: None, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.tracking.mirror.MAX_STALL", 1.0)
    study, record = load_study(write_tiny_study(workplace)), Record()
    warnings: list[str] = []
    with Mirror(RequestedRuns.of(study), record, warnings.append) as mirror:
        sweep(Fixed(study.runs), InProcessExecutor(), record, [mirror])
    assert {record.status(run.id) for run in study.runs} <= {"finished", "diverged"}
    assert "`ablate sync`" in warnings[-1]
    assert len(warnings) <= 2
    Hanging.over.set()
    mirror.thread.join(timeout=60)  # or it would find the next test's MLflow
    assert not mirror.thread.is_alive()


def test_a_run_that_was_sent_in_part_is_completed_not_duplicated(
    swept_copy: tuple[Record, Design], store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, study = swept_copy
    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, "log_inputs", refuse)
        assert len(run_mirror(study, record)) == 2
    assert run_mirror(study, record) == []
    assert len(mlflow_runs()) == 4
    assert each_epoch_once(study)
    assert all(run.inputs and run.inputs.dataset_inputs and run.data.params for run in mlflow_runs().values())


def test_a_store_whose_creation_was_interrupted_can_be_created_again(
    workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object) -> None:
        raise ConnectionError("killed")

    with monkeypatch.context() as broken:
        broken.setattr("os.replace", interrupt)
        with pytest.raises(ConnectionError):
            connect()
    assert not Path("mlflow.db").exists()
    (workplace / ".mlflow.db.7").write_bytes(b"half a database of a process that was killed")
    assert connect().search_experiments()
    assert [path.name for path in workplace.iterdir()] == ["mlflow.db"]
