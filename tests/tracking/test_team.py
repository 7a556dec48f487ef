"""A group's tracking server, PostgreSQL behind MLflow: four drivers at once lose nothing and mix nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.artifacts import download_artifacts

from ablate.records.identity import record_id
from ablate.tracking.artefacts import RUN_FILES
from ablate.tracking.tags import RECORD_TAG, RUN_TAG
from tests.helpers.committed import ROOT
from tests.helpers.kills import check_mirror, recorded
from tests.helpers.servers import Server, find_postgres, postgres_server
from tests.helpers.tiny import write_tiny_study

pytestmark = pytest.mark.slow


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    programs = find_postgres()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    if find_spec("psycopg2") is None:
        pytest.skip("psycopg2 is not installed")
    with postgres_server(programs) as store:
        server = Server(tmp_path, store, workers=2)
        server.start()
        yield server
        server.stop()


def sweep_in(folder: Path, study: str, server: Server, *options: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-P", "-m", "ablate", "sweep", study, "--executor", "inprocess", *options]
    environment = {**os.environ, "MLFLOW_TRACKING_URI": server.address, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def test_four_drivers_at_once_lose_nothing_and_mix_nothing(server: Server, workplace: Path) -> None:
    studies = {"one": "tiny", "two": "tiny", "three": "tiny", "four": "other"}
    for name, study in studies.items():
        (workplace / name).mkdir()
        seeds = "3" if name == "three" else "2"  # the study of a colleague who chose the same name
        write_tiny_study(workplace / name, f"{study}.yaml", seeds=seeds)
    sweeps = [sweep_in(workplace / name, f"{study}.yaml", server) for name, study in studies.items()]
    said = [sweep.communicate(timeout=600)[0] for sweep in sweeps]
    assert [sweep.returncode for sweep in sweeps] == [0] * 4, said
    assert not [text for text in said if "not sent to MLflow" in text], said

    client = MlflowClient(tracking_uri=server.address)
    experiments = {
        one.tags.get(RECORD_TAG): one for one in client.search_experiments(filter_string="name != 'Default'")
    }
    assert len(experiments) == 4
    for name, study in studies.items():
        folder = workplace / name
        experiment = experiments[record_id(folder / ".ablate")]
        assert experiment.name.startswith(study)
        check_mirror(folder, experiment.name, 6 if name == "three" else 4, server.address)
        for run in client.search_runs([experiment.experiment_id], f"tags.`{RUN_TAG}` != ''"):
            own = folder / ".ablate" / "runs" / run.data.tags[RUN_TAG]
            kept = Path(
                download_artifacts(
                    run_id=run.info.run_id, dst_path=str(server.folder / run.info.run_id), tracking_uri=server.address
                )
            )
            for file in RUN_FILES:
                assert (kept / file).read_bytes() == (own / file).read_bytes()
        (report,) = client.search_runs([experiment.experiment_id], "tags.`ablate.report` != ''")
        page = download_artifacts(run_id=report.info.run_id, artifact_path="report.html", tracking_uri=server.address)
        assert Path(page).read_bytes() == (folder / "reports" / study / "report.html").read_bytes()
    assert recorded(workplace / "one") == recorded(workplace / "two")


def test_what_one_has_trained_another_adopts_file_by_file(server: Server, workplace: Path) -> None:
    for name, seeds, options in (("one", "2", ()), ("two", "3", ("--reuse",))):
        (workplace / name).mkdir()
        write_tiny_study(workplace / name, seeds=seeds)
        sweep = sweep_in(workplace / name, "tiny.yaml", server, *options)
        said, _ = sweep.communicate(timeout=600)
        assert sweep.returncode == 0, said
    assert said.count(f": adopted from {server.address}/#/experiments/") == 4
    assert said.count(": finished, test ") == 2, "the third seed is in nobody's record yet"
    one, two = (recorded(workplace / name) for name in ("one", "two"))
    assert {name: two[name] for name in one if not name.endswith("result.json")} == {
        name: content for name, content in one.items() if not name.endswith("result.json")
    }
    check_mirror(workplace / "two", f"tiny ({record_id(workplace / 'two' / '.ablate')[:6]})", 6, server.address)


def test_the_studies_of_one_folder_share_its_id_and_no_experiment(server: Server, workplace: Path) -> None:
    for name in ("tiny", "other"):
        write_tiny_study(workplace, f"{name}.yaml")
        sweep = sweep_in(workplace, f"{name}.yaml", server)
        said, _ = sweep.communicate(timeout=600)
        assert sweep.returncode == 0, said
    client = MlflowClient(tracking_uri=server.address)
    owners = {one.name: one.tags.get(RECORD_TAG) for one in client.search_experiments()}
    assert owners["tiny"] == owners["other"] == record_id(workplace / ".ablate")
    for name in ("tiny", "other"):
        check_mirror(workplace, name, uri=server.address)
