"""The comparison in MLflow, against a real store: told from a report's files, once, whatever happened before."""

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
from ablate.tracking.comparison import LONGEST, comparison_page, note, publish_comparison, send_comparison, view
from ablate.tracking.connection import tracking_uri
from ablate.tracking.sync import sync

REPORT = Path("reports/tiny")
FILES = {"README.md", "report.html", "metrics.json"}


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
def told_folder(
    swept: tuple[Path, Design], empty_store: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Design]:
    """A folder whose runs and report MLflow has been told of; not to be changed."""
    folder, study = swept
    told = tmp_path_factory.mktemp("told")
    shutil.copytree(folder / ".ablate", told / ".ablate")
    shutil.copy(empty_store, told / "mlflow.db")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(told)
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        export(study, Record(), REPORT)
        write_report(study, REPORT)
        sync(RequestedRuns.of(study), Record(), REPORT)
    return told, study


@pytest.fixture
def told(told_folder: tuple[Path, Design], workplace: Path) -> Design:
    """The current folder is a copy of it."""
    shutil.copytree(told_folder[0], workplace, dirs_exist_ok=True)
    return told_folder[1]


def tell() -> str | None:
    return send_comparison(client(), experiment().experiment_id, "tiny", REPORT)


def test_the_report_and_its_figures_are_artefacts_of_one_run_without_numbers(told: Design) -> None:
    (run,) = reports()
    figures = {f"figures/{path.name}" for path in (REPORT / "figures").iterdir()}
    assert figures
    assert files(run) == FILES | figures
    assert (run.info.run_name, run.info.status) == ("report", "FINISHED")
    assert (run.data.params, run.data.metrics) == ({}, {})


def test_the_experiment_is_described_by_the_answer_and_leads_to_the_report(told: Design) -> None:
    text = experiment().tags["mlflow.note.content"]
    answer = json.loads((REPORT / "metrics.json").read_text())["answer"]
    assert text.startswith(f"**{answer}**\n\ntiny: Do tiny networks need their skips?")
    assert "| arm | verdict |" in text
    assert "![" not in text
    (run,) = reports()
    link = f"#/experiments/{run.info.experiment_id}/runs/{run.info.run_id}/artifacts/report.html"
    assert f"[The report]({link}?workflowType=machine_learning)" in text


def test_the_prepared_view_has_the_runs_by_arm_and_not_the_report(told: Design) -> None:
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
    shown = json.loads(view(metric, []))
    assert (shown["orderByKey"], shown["orderByAsc"]) == (f"metrics.`{metric}`", ascending)
    assert shown["selectedColumns"][0] == shown["orderByKey"]
    assert len(set(shown["selectedColumns"])) == len(shown["selectedColumns"])


def test_a_view_of_very_many_arms_still_fits_into_a_tag() -> None:
    assert len(view("test/psnr", (f"an arm with a long name {number}" for number in range(1000)))) <= LONGEST


@pytest.mark.parametrize("rest", ["## Verdicts\n\n" + "| a |\n" * 2000, "no heading " * 1000])
def test_a_description_of_a_long_page_is_its_beginning(rest: str) -> None:
    text = note(f"<!-- written -->\n# tiny: Why?\n\n**So.**\n\n{rest}", "#/experiments/1")
    assert text.startswith("**So.**\n\ntiny: Why?")
    assert len(text) <= LONGEST


def test_telling_again_changes_nothing(told: Design) -> None:
    before = reports(ViewType.ALL)[0].to_dictionary(), dict(experiment().tags)
    for _ in range(2):
        tell()
    assert [run.to_dictionary() for run in reports(ViewType.ALL)] == [before[0]]
    assert dict(experiment().tags) == before[1]


def test_another_report_takes_the_place_of_the_one_before(told: Design) -> None:
    (before,) = reports()
    page = (REPORT / "README.md").read_text().replace("Do tiny networks", "Do small networks")
    (REPORT / "README.md").write_text(page)
    tell()
    (after,) = reports(ViewType.ALL)
    assert after.info.run_id == before.info.run_id
    assert Path(client().download_artifacts(after.info.run_id, "README.md")).read_text() == page
    assert "Do small networks" in experiment().tags["mlflow.note.content"]


def test_no_figure_of_an_older_report_is_left(told: Design) -> None:
    (REPORT / "figures" / "curves.svg").unlink()
    tell()
    (run,) = reports()
    assert "figures/curves.svg" not in files(run)
    assert "figures/seeds.svg" in files(run)


def test_a_deleted_report_is_restored(told: Design) -> None:
    (before,) = reports()
    client().delete_run(before.info.run_id)
    tell()
    assert [run.info.run_id for run in reports(ViewType.ALL)] == [before.info.run_id]
    assert len(reports()) == 1


def test_a_report_that_was_half_told_is_completed_not_doubled(told: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    (REPORT / "figures" / "curves.svg").unlink()  # so that it has to be another run
    warnings: list[str] = []
    with monkeypatch.context() as broken:
        broken.setattr(MlflowClient, "set_tag", refuse)
        shown = publish_comparison(experiment().experiment_id, "tiny", REPORT, warnings.append)
    assert "viewStateShareKey" not in shown
    (warning,) = warnings
    assert "`ablate sync`" in warning
    tell()
    (run,) = reports()
    assert run.info.status == "FINISHED"
    assert files(run) >= FILES


def refuse(*_: object, **__: object) -> None:
    raise ConnectionError("refused")


def test_what_a_server_missed_of_the_report_is_told_by_sync(told: Design, monkeypatch: pytest.MonkeyPatch) -> None:
    (REPORT / "README.md").write_text((REPORT / "README.md").read_text() + "\nMore.\n")
    warnings: list[str] = []
    with monkeypatch.context() as away:
        away.setattr(MlflowClient, "log_artifact", refuse)
        publish_comparison(experiment().experiment_id, "tiny", REPORT, warnings.append)
    assert len(warnings) == 1
    assert "&viewStateShareKey=arms" in sync(RequestedRuns.of(told), Record(), REPORT)
    (run,) = reports()
    assert Path(client().download_artifacts(run.info.run_id, "README.md")).read_text().endswith("\nMore.\n")


def test_without_a_report_there_is_nothing_to_tell(told: Design) -> None:
    shutil.rmtree(REPORT)
    before = dict(experiment().tags)
    assert tell() is None
    assert dict(experiment().tags) == before


@pytest.mark.parametrize("content", ["", "[1]", "<<<<<<< HEAD\n{}", '{"metric": "other", "arms": {}}'])
def test_what_is_no_report_is_not_told(content: str, told: Design) -> None:
    (REPORT / "metrics.json").write_text(content)
    assert tell() is None


@pytest.mark.parametrize("page", ["", "<!-- written -->\n", "# tiny", "no heading\n\nand no answer"])
def test_any_page_has_a_beginning(page: str) -> None:
    assert "[The report](#/experiments/1)" in note(page, "#/experiments/1")


def test_the_page_of_a_study_is_its_view_or_its_runs(told: Design) -> None:
    number = experiment().experiment_id
    assert (
        comparison_page("tiny") == f"#/experiments/{number}/runs?workflowType=machine_learning&viewStateShareKey=arms"
    )
    client().delete_experiment_tag(number, "mlflow.sharedViewState.arms")
    assert comparison_page("tiny") == f"#/experiments/{number}/runs?workflowType=machine_learning"


def test_a_study_without_runs_has_no_page(told: Design) -> None:
    with pytest.raises(AblateError, match="MLflow has no runs of other yet"):
        comparison_page("other")
