"""A study's comparison in MLflow: what a report says, told from its files alone.

The experiment's description is the report's beginning; a prepared view has a line per arm. MLflow keeps files with runs
only, so those of the report are a run of their own, without settings and numbers, which that view leaves out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError
from ablate.metrics import METRICS
from ablate.records.files import read_json
from ablate.tracking.connection import address, connect, file_page, page, shown_uri, tracking_uri, why
from ablate.tracking.tags import ARM_TAG, REPORT_TAG, RUN_TAG, STUDY_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

PAGES, FIGURES = ("README.md", "report.html", "metrics.json"), "figures"

VIEW = "arms"
"""The key of the prepared view, which stands in its address."""

COLUMN_WIDTH = 230
"""Pixels, for a mean with all its digits, as MLflow shows it."""

NOTE, SHARED = "mlflow.note.content", "mlflow.sharedViewState."
LONGEST = 5000
"""Characters that every store takes in a tag of an experiment."""

COLUMNS = ("test/psnr", "last/psnr", "test/ssim", "test/gain", "best/epoch", "cost/parameters", "cost/train_seconds")


def publish_comparison(experiment: str, study: str, folder: Path, warn: Callable[[str], None]) -> str:
    """Tell what the report in `folder` says; returns what to open. Whatever MLflow does, it is a warning at most."""
    try:
        return address(experiment, send_comparison(connect(), experiment, study, folder))
    except Exception as error:
        warn(f"MLflow has not been told of the report ({why(error)}); `ablate sync` tells it.")
        return address(experiment)


def send_comparison(client: MlflowClient, experiment: str, study: str, folder: Path) -> str | None:
    """Tell what the report in `folder` says; told twice it changes nothing. Returns the view, None if there is none.

    Raises:
        Exception: MLflow's, if it does not answer or refuses it.
    """
    facts = _headlines(folder)
    if facts is None:
        return None
    run_id = _tell_files(client, experiment, study, folder)
    description = note((folder / "README.md").read_text(), file_page(experiment, run_id, "report.html"))
    tags = {NOTE: description, SHARED + VIEW: view(facts["metric"], facts["arms"])}
    told = client.get_experiment(experiment).tags
    for name, value in tags.items():
        if told.get(name) != value:
            client.set_experiment_tag(experiment, name, value)
    return VIEW


def _headlines(folder: Path) -> dict[str, Any] | None:
    """The headline numbers of the report in a folder, None if there is no whole one."""
    facts = read_json(folder / "metrics.json")
    ours = isinstance(facts, dict) and facts.get("metric") in METRICS and isinstance(facts.get("arms"), dict)
    return facts if ours and all((folder / name).exists() for name in PAGES) else None


def comparison_page(study: str) -> str:
    """The page of a study's prepared view, or of its runs where no report was told of.

    Raises:
        AblateError: MLflow does not answer, or has no such experiment.
    """
    try:
        found = connect().get_experiment_by_name(study)
    except Exception as error:
        raise AblateError(f"MLflow at {shown_uri(tracking_uri())} does not answer: {why(error)}") from None
    if found is None:
        raise AblateError(
            f"MLflow has no runs of {study} yet; a sweep or search makes them, `ablate sync` tells of them"
        )
    return page(found.experiment_id, VIEW if SHARED + VIEW in found.tags else None)


def note(report: str, link: str) -> str:
    """The answer, the question, and more of a report's page: up to its first picture, or section if that is long."""
    title, _, page_body = (report.partition("-->\n")[2] or report).partition("\n\n")
    answer, _, rest = page_body.partition("\n\n")
    text = f"{answer}\n\n{title.removeprefix('# ')} [The report]({link})\n\n{rest}"
    heads = [text.partition(end)[0] for end in ("\n![", "\n## ")]
    return next((head for head in heads if len(head) <= LONGEST), heads[-1][:LONGEST])


def view(metric: str, arms: Iterable[str]) -> str:
    """MLflow's table of runs as we prepare it: a line per arm, the seeds averaged, the best by the metric first.

    The format is not documented: it is what MLflow's own page writes to share a view (3.17).
    """
    columns = [f"metrics.`{name}`" for name in dict.fromkeys((metric, *COLUMNS))]
    seeds = {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": ARM_TAG}]}
    found = {
        "searchFilter": f"tags.`{RUN_TAG}` != ''",
        "orderByKey": columns[0],
        "orderByAsc": not METRICS[metric].higher_is_better,
        "selectedColumns": columns,
        "columnOrder": columns,
        "columnWidths": dict.fromkeys(columns, COLUMN_WIDTH),
        "groupBy": seeds,
    }
    folded = json.dumps({**found, "groupsExpanded": {f"tag.{ARM_TAG}.{arm}": False for arm in arms}})
    return folded if len(folded) <= LONGEST else json.dumps(found)


def _tell_files(client: MlflowClient, experiment: str, study: str, folder: Path) -> str:
    """The report's files as they are now, their digest last: a run that has it lacks none. Returns the run."""
    pages = [folder / name for name in PAGES]
    files = [*pages, *sorted((folder / FIGURES).glob("*.svg"))]
    digest = _digest(files)
    told = _report_run(client, experiment, {path.name for path in files})
    if told and told.data.tags[REPORT_TAG] == digest:
        return str(told.info.run_id)
    tags = {STUDY_TAG: study, REPORT_TAG: "not told yet", "mlflow.source.name": "ablate report"}
    run = told or client.create_run(experiment, tags=tags, run_name="report")
    for path in files:
        client.log_artifact(run.info.run_id, str(path), None if path in pages else FIGURES)
    client.set_tag(run.info.run_id, REPORT_TAG, digest)
    client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _digest(files: list[Path]) -> str:
    contents = [hashlib.sha256(path.name.encode() + path.read_bytes()).hexdigest() for path in files]
    return hashlib.sha256("".join(contents).encode()).hexdigest()


def _report_run(client: MlflowClient, experiment: str, names: set[str]) -> MlflowRun | None:
    """The run that has the report, restored if it was deleted; others, and one with files of an older report, go."""
    from mlflow.entities import ViewType

    found = client.search_runs([experiment], f"tags.`{REPORT_TAG}` != ''", ViewType.ALL)
    kept: MlflowRun | None = None
    for run in sorted(found, key=lambda run: run.info.lifecycle_stage != "active"):
        active = run.info.lifecycle_stage == "active"
        if kept is None and _files(client, run) <= names:
            kept = run
            if not active:
                client.restore_run(run.info.run_id)
        elif active:
            client.delete_run(run.info.run_id)
    return kept


def _files(client: MlflowClient, run: MlflowRun) -> set[str]:
    listed = [*client.list_artifacts(run.info.run_id), *client.list_artifacts(run.info.run_id, FIGURES)]
    return {Path(item.path).name for item in listed if not item.is_dir}
