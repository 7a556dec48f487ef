"""A real MLflow server on loopback that is stopped and started while a study is swept."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from ablate.executors.inprocess import InProcessExecutor
from ablate.pipeline.sweep import sweep
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.reporting.study.data import export
from ablate.reporting.study.page import write_report
from ablate.settings import Run
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import load_study
from ablate.studies.planning import Design
from ablate.tracking.mirror import Mirror
from ablate.tracking.sync import sync
from ablate.training.events import Ended, Event
from tests.helpers.kills import check_mirror
from tests.helpers.servers import Server
from tests.helpers.tiny import write_tiny_study

pytestmark = pytest.mark.slow


@pytest.fixture
def server(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A running server, whose address is MLflow's tracking URI."""
    server = Server(workplace)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", server.address.replace("//", "//user:hunter2@"))
    monkeypatch.setattr("ablate.tracking.mirror.MIN_RETRY_DELAY", 0.5)
    server.start()
    yield server
    server.stop()


def test_a_server_that_was_restarted_during_a_sweep_has_every_epoch_once(server: Server, workplace: Path) -> None:
    study, record = load_study(write_tiny_study(workplace)), Record()
    ended: list[str] = []
    warnings: list[str] = []

    def interfere(run: Run, event: Event) -> None:
        if isinstance(event, Ended):
            ended.append(run.id)
            if len(ended) == 1:
                server.stop()

    with Mirror(RequestedRuns.of(study), record, warnings.append) as mirror:
        sweep(Fixed(study.runs), InProcessExecutor(), record, [mirror, interfere])
        assert len(ended) == 4, "training does not wait for a server"
        while not warnings:
            time.sleep(0.1)
        server.start()
        while mirror.waiting:
            time.sleep(0.1)  # the mirror retries without any further event
    assert len(warnings) == 1
    check_mirror(workplace, uri=server.address)
    stored = [workplace / "server.db", *(workplace / "artifacts").rglob("*")]
    assert not [path for path in stored if path.is_file() and b"hunter2" in path.read_bytes()]


def test_a_report_is_sent_to_a_server_once(server: Server, swept_copy: tuple[Record, Design]) -> None:
    record, study = swept_copy
    report = Path("reports/tiny")
    export(study, record, report)
    write_report(study, report)
    shown = [sync(RequestedRuns.of(study), record, report) for _ in range(2)]
    assert shown[0] == shown[1]
    assert shown[0].startswith(f"{server.address}/#/experiments/")
    assert shown[0].endswith("&viewStateShareKey=arms")
    client = MlflowClient(tracking_uri=server.address)
    (run,) = client.search_runs([shown[0].split("/")[5]], "tags.`ablate.report` != ''")
    page = Path(client.download_artifacts(run.info.run_id, "report.html", str(server.folder)))
    assert page.read_bytes() == (report / "report.html").read_bytes()


def test_what_a_server_missed_is_sent_by_sync(server: Server, workplace: Path) -> None:
    study, record = load_study(write_tiny_study(workplace)), Record()
    server.stop()
    warnings: list[str] = []
    with Mirror(RequestedRuns.of(study), record, warnings.append) as mirror:
        sweep(Fixed(study.runs), InProcessExecutor(), record, [mirror])
    assert ["`ablate sync`" in text for text in warnings] == [False, True]
    assert "hunter2" not in "".join(warnings)
    server.start()
    sync(RequestedRuns.of(study), record)
    check_mirror(workplace, uri=server.address)
