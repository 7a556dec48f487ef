"""The comparison in MLflow, against a real store: sent from a report's files, and there once whatever happened."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from mlflow import MlflowClient
from mlflow.entities import Experiment, ViewType
from mlflow.entities import Run as MlflowRun

from ablate.errors import AblateError
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.reporting.study.data import export
from ablate.reporting.study.page import write_report
from ablate.studies.planning import Design
from ablate.tracking.comparison import (
    MAX_TAG_LENGTH,
    comparison_page,
    make_description,
    make_view,
    publish_comparison,
    send_comparison,
)
from ablate.tracking.connection import tracking_uri
from ablate.tracking.sync import sync

REPORT = Path("reports/tiny")
FILES = {"README.md", "report.html", "metrics.json", "verdicts.json"}


def client() -> MlflowClient:
    return MlflowClient(tracking_uri=tracking_uri())


def experiment() -> Experiment:
    found = client().get_experiment_by_name("tiny")
    assert found is not None
    return found


def reports(which: int = ViewType.ACTIVE_ONLY) -> list[MlflowRun]:
    return list(client().search_runs([experiment().experiment_id], "tags.`ablate.report` != ''", which))


def files(run: MlflowRun) -> set[str]:
    listed = [*client().list_artifacts(run.info.run_id), *client().list_artifacts(run.info.run_id, "figures")]
    return {item.path for item in listed if not item.is_dir}


@pytest.fixture(scope="module")
def synced_folder(
    swept: tuple[Path, Design], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Design]:
    """A folder whose runs and report have been sent to MLflow; not to be changed."""
    folder, study = swept
    synced = tmp_path_factory.mktemp("synced")
    shutil.copytree(folder / ".ablate", synced / ".ablate")
    shutil.copy(empty_store, synced / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(synced)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        export(study, Record(), REPORT)
        write_report(study, REPORT)
        sync(RequestedRuns.of(study), Record(), REPORT)
    return synced, study


@pytest.fixture
def synced(synced_folder: tuple[Path, Design], workplace: Path) -> Design:
    """The current folder is a copy of it."""
    shutil.copytree(synced_folder[0], workplace, dirs_exist_ok=True)
    return synced_folder[1]


def publish(study: Design, warnings: list[str]) -> str:
    experiment_id = experiment().experiment_id
    return publish_comparison(RequestedRuns.of(study), Record(), experiment_id, REPORT, warnings.append)


def send() -> str | None:
    return send_comparison(client(), experiment().experiment_id, "tiny", REPORT, Record())


def test_the_report_and_its_figures_are_artefacts_of_one_run_without_numbers(synced: Design) -> None:
    (run,) = reports()
    figures = {f"figures/{path.name}" for path in (REPORT / "figures").iterdir()}
    assert figures
    assert files(run) == FILES | figures
    assert (run.info.run_name, run.info.status) == ("report", "FINISHED")
    assert (run.data.params, run.data.metrics) == ({}, {})


def test_the_experiment_is_described_by_the_answer_and_leads_to_the_report(synced: Design) -> None:
    text = experiment().tags["mlflow.note.content"]
    answer = json.loads((REPORT / "metrics.json").read_text())["answer"]
    assert text.startswith(f"**{answer}**\n\ntiny: Do tiny networks need their skips?")
    assert "| arm | verdict |" in text
    assert "![" not in text
    (run,) = reports()
    link = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/report.html"
    assert f"[The report]({link}?workflowType=machine_learning)" in text


def test_the_prepared_view_has_the_runs_by_arm_and_not_the_report(synced: Design) -> None:
    shown = json.loads(experiment().tags["mlflow.sharedViewState.arms"])
    runs = client().search_runs([experiment().experiment_id], shown["searchFilter"])
    assert sorted(run.info.run_name for run in runs) == [
        "with seed 0",
        "with seed 1",
        "without seed 0",
        "without seed 1",
    ]
    assert shown["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "ablate.arm"}]
    assert shown["groupsExpanded"] == {"tag.ablate.arm.with": False, "tag.ablate.arm.without": False}
    names = {name for run in runs for name in run.data.metrics}
    assert {column.removeprefix("metrics.`").removesuffix("`") for column in shown["selectedColumns"]} <= names


@pytest.mark.parametrize(("metric", "ascending"), [("test/psnr", False), ("last/mse", True)])
def test_the_view_begins_with_the_best_by_the_metric_that_decides(metric: str, ascending: bool) -> None:
    shown = json.loads(make_view(metric, []))
    assert (shown["orderByKey"], shown["orderByAsc"]) == (f"metrics.`{metric}`", ascending)
    assert shown["selectedColumns"][0] == shown["orderByKey"]
    assert len(set(shown["selectedColumns"])) == len(shown["selectedColumns"])


def test_a_view_of_very_many_arms_still_fits_into_a_tag() -> None:
    assert (
        len(make_view("test/psnr", (f"an arm with a long name {number}" for number in range(1000)))) <= MAX_TAG_LENGTH
    )


@pytest.mark.parametrize("rest", ["## Verdicts\n\n" + "| a |\n" * 2000, "no heading " * 1000])
def test_a_description_of_a_long_page_is_its_beginning(rest: str) -> None:
    text = make_description(f"<!-- written -->\n# tiny: Why?\n\n**So.**\n\n{rest}", "#/experiments/1")
    assert text.startswith("**So.**\n\ntiny: Why?")
    assert len(text) <= MAX_TAG_LENGTH


def test_sending_again_changes_nothing(synced: Design) -> None:
    before = reports(ViewType.ALL)[0].to_dictionary(), dict(experiment().tags)
    for _ in range(2):
        send()
    assert [run.to_dictionary() for run in reports(ViewType.ALL)] == [before[0]]
    assert dict(experiment().tags) == before[1]


def test_a_new_report_replaces_the_one_before(synced: Design) -> None:
    (before,) = reports()
    page = (REPORT / "README.md").read_text().replace("Do tiny networks", "Do small networks")
    (REPORT / "README.md").write_text(page)
    send()
    (after,) = reports(ViewType.ALL)
    assert after.info.run_id == before.info.run_id
    assert Path(client().download_artifacts(after.info.run_id, "README.md")).read_text() == page
    assert "Do small networks" in experiment().tags["mlflow.note.content"]


def test_no_figure_of_an_older_report_is_left(synced: Design) -> None:
    (REPORT / "figures" / "curves.svg").unlink()
    send()
    (run,) = reports()
    assert "figures/curves.svg" not in files(run)
    assert "figures/seeds.svg" in files(run)


def test_a_deleted_report_is_restored(synced: Design) -> None:
    (before,) = reports()
    client().delete_run(before.info.run_id)
    send()
    assert [run.info.run_id for run in reports(ViewType.ALL)] == [before.info.run_id]
    assert len(reports()) == 1


def test_a_report_that_was_sent_in_part_is_completed_not_duplicated(
    synced: Design, monkeypatch: pytest.MonkeyPatch
) -> None:
    (REPORT / "figures" / "curves.svg").unlink()  # which forces another run
    warnings: list[str] = []
    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, "set_tag", refuse)
        publish(synced, warnings)
    (warning,) = warnings
    assert "`ablate sync`" in warning
    send()
    (run,) = reports()
    assert run.info.status == "FINISHED"
    assert files(run) >= FILES


def refuse(*_: object, **__: object) -> None:
    raise ConnectionError("refused")


def test_a_report_that_a_server_missed_is_sent_by_sync(synced: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    (REPORT / "README.md").write_text((REPORT / "README.md").read_text() + "\nMore.\n")
    warnings: list[str] = []
    with monkeypatch.context() as away:
        away.setattr(MlflowClient, "log_artifact", refuse)
        publish(synced, warnings)
    assert len(warnings) == 1
    assert "&viewStateShareKey=arms" in sync(RequestedRuns.of(synced), Record(), REPORT)
    (run,) = reports()
    assert Path(client().download_artifacts(run.info.run_id, "README.md")).read_text().endswith("\nMore.\n")


def test_without_a_report_nothing_is_sent(synced: Design) -> None:
    shutil.rmtree(REPORT)
    before = dict(experiment().tags)
    assert send() is None
    assert dict(experiment().tags) == before


@pytest.mark.parametrize("content", ["", "[1]", "<<<<<<< HEAD\n{}", '{"metric": "other", "arms": {}}'])
def test_a_damaged_report_is_not_sent(content: str, synced: Design) -> None:
    (REPORT / "metrics.json").write_text(content)
    assert send() is None


@pytest.mark.parametrize("page", ["", "<!-- written -->\n", "# tiny", "no heading\n\nand no answer"])
def test_any_page_gives_a_description(page: str) -> None:
    assert "[The report](#/experiments/1)" in make_description(page, "#/experiments/1")


def test_the_page_of_a_study_is_its_view_or_its_runs(synced: Design) -> None:
    number = experiment().experiment_id
    runs = f"#/experiments/{number}/runs?workflowType=machine_learning"
    assert comparison_page("tiny", Record()) == f"{runs}&viewStateShareKey=arms"
    client().delete_experiment_tag(number, "mlflow.sharedViewState.arms")
    assert comparison_page("tiny", Record()) == runs


def test_a_study_without_runs_has_no_page(synced: Design) -> None:
    with pytest.raises(AblateError, match="MLflow has no runs of other yet"):
        comparison_page("other", Record())
