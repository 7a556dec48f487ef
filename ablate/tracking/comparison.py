"""A study's comparison in MLflow: its report, sent from the report's files alone.

The beginning of the report becomes the description of the experiment, and a prepared view shows one line per arm.
MLflow stores files only with runs, so the report's files are in an extra run without settings and numbers, which that
view leaves out.
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
from ablate.records.identity import record_id
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.tracking.connection import address, connect, file_page, page, redact_uri, tracking_uri
from ablate.tracking.errors import SENT_LATER, describe_error
from ablate.tracking.experiment import find_experiment
from ablate.tracking.last_sync import find_last_sync, save_last_sync
from ablate.tracking.sync_notes import load_notes
from ablate.tracking.tags import ARM_TAG, RECORD_TAG, REPORT_TAG, REQUESTED_TAG, STUDY_TAG

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run as MlflowRun

PAGES, FIGURES = ("README.md", "report.html", "metrics.json"), "figures"
FILES = (*PAGES, "verdicts.json")  # which reports of older versions lack

VIEW = "arms"
"""The key of the prepared view, as it appears in its address."""

COLUMN_WIDTH = 230
"""In pixels: wide enough for a mean with all the digits that MLflow shows."""

DESCRIPTION_TAG, VIEW_TAG = "mlflow.note.content", f"mlflow.sharedViewState.{VIEW}"
MAX_TAG_LENGTH = 5000
"""In characters: what every kind of store accepts as a tag of an experiment."""

COLUMNS = ("test/psnr", "last/psnr", "test/ssim", "test/gain", "best/epoch", "cost/parameters", "cost/train_seconds")


def publish_comparison(
    requested: RequestedRuns, record: Record, experiment: str, folder: Path, warn: Callable[[str], None]
) -> str:
    """Send the report in `folder` of a study whose runs have all been sent; returns the address to open.

    If MLflow does not accept it, warn. If it is known to have it, MLflow is not even imported.
    """
    digest, last = report_digest(folder), find_last_sync(requested, record)
    if last and last.report == digest:
        return address(experiment, VIEW)
    try:
        view = send_comparison(connect(), experiment, requested.study, folder, record)
    except FilesRefusedError as error:
        warn(f"{describe_missing_report(error)} {SENT_LATER}")
        return address(experiment, VIEW)
    except Exception as error:  # the report is written already, so an error of MLflow must not end the command
        warn(f"The report was not sent to MLflow ({describe_error(error)}); `ablate sync` sends it.")
        return address(experiment)
    if view and load_notes(record.root, requested.study).is_complete:
        save_last_sync(requested, record, experiment, digest)
    return address(experiment, view)


class FilesRefusedError(Exception):
    """MLflow has all of a report but its files; the message says why."""


def describe_missing_report(error: FilesRefusedError) -> str:
    """Say that MLflow refuses the files of a report."""
    return f"MLflow has the report's answer, but it refused its files: {error}."


def send_comparison(client: MlflowClient, experiment: str, study: str, folder: Path, record: Record) -> str | None:
    """Send the report in `folder`; sending it again changes nothing. Returns its view's key, or None without a report.

    Raises:
        FilesRefusedError: MLflow refuses the files. It has the description and the view.
        Exception: MLflow's own, if it does not answer or refuses these.
    """
    facts = _read_headlines(folder)
    if facts is None:
        return None
    link, refusal = None, None
    try:
        link = file_page(experiment, _send_files(client, experiment, study, folder, record), "report.html")
    except Exception as error:  # of whatever kind, since the rest may be accepted
        refusal = error
    description = make_description((folder / "README.md").read_text(encoding="utf-8"), link)
    tags = {DESCRIPTION_TAG: description, VIEW_TAG: make_view(facts["metric"], facts["arms"])}
    present = client.get_experiment(experiment).tags
    for name, value in tags.items():
        if present.get(name) != value:
            client.set_experiment_tag(experiment, name, value)
    if refusal:
        raise FilesRefusedError(describe_error(refusal)) from refusal
    return VIEW


def _read_headlines(folder: Path) -> dict[str, Any] | None:
    """The headline numbers of the report in a folder, or None if a file of it is missing or damaged."""
    facts = read_json(folder / "metrics.json")
    is_valid = isinstance(facts, dict) and facts.get("metric") in METRICS and isinstance(facts.get("arms"), dict)
    return facts if is_valid and all((folder / name).exists() for name in PAGES) else None


def comparison_page(study: str, record: Record) -> str:
    """The page of a study's prepared view, or of its runs if no report has been sent.

    Raises:
        AblateError: MLflow cannot be used, or has no such experiment.
    """
    try:
        experiment = find_experiment(connect(), study, record.root)
    except Exception as error:
        raise AblateError(f"MLflow at {redact_uri(tracking_uri())} cannot be used: {describe_error(error)}") from None
    if experiment is None:
        raise AblateError(
            f"MLflow has no runs of {study} yet: `ablate sweep` or `ablate search` trains them, and `ablate sync` "
            "sends recorded ones"
        )
    return page(experiment.experiment_id, VIEW if VIEW_TAG in experiment.tags else None)


def make_description(report: str, link: str | None) -> str:
    """Write an experiment's description from a report's page: the answer, the question, and the text that follows.

    It ends before the page's first picture, or before its first section if that is too long for a tag.
    """
    title, _, page_body = (report.partition("-->\n")[2] or report).partition("\n\n")
    answer, _, rest = page_body.partition("\n\n")
    linked = f" [The report]({link})" if link else ""
    text = f"{answer}\n\n{title.removeprefix('# ')}{linked}\n\n{rest}"
    beginnings = [text.partition(end)[0] for end in ("\n![", "\n## ")]
    return next((text for text in beginnings if len(text) <= MAX_TAG_LENGTH), beginnings[-1][:MAX_TAG_LENGTH])


def make_view(metric: str, arms: Iterable[str]) -> str:
    """Prepare a view of MLflow's table of runs: one line per arm, averaged over seeds, the best by the metric first.

    The format is not documented. It is the one in which MLflow's own page (version 3.17) shares a view.
    """
    columns = [f"metrics.`{name}`" for name in dict.fromkeys((metric, *COLUMNS))]
    seeds = {"aggregateFunction": "average", "groupByKeys": [{"mode": "tag", "groupByData": ARM_TAG}]}
    state = {
        "searchFilter": f"tags.`{REQUESTED_TAG}` = 'present'",
        "orderByKey": columns[0],
        "orderByAsc": not METRICS[metric].higher_is_better,
        "selectedColumns": columns,
        "columnOrder": columns,
        "columnWidths": dict.fromkeys(columns, COLUMN_WIDTH),
        "groupBy": seeds,
    }
    # MLflow expands each arm into its seeds by default
    collapsed = json.dumps({**state, "groupsExpanded": {f"tag.{ARM_TAG}.{arm}": False for arm in arms}})
    return collapsed if len(collapsed) <= MAX_TAG_LENGTH else json.dumps(state)


def _send_files(client: MlflowClient, experiment: str, study: str, folder: Path, record: Record) -> str:
    """Log the report's files, and return the MLflow run that has them.

    Their digest is logged last, so a run that has the current digest has all the files.
    """
    files = _report_files(folder)
    digest, names = _digest(files), {path.name for path in files}
    present = _find_report_run(client, experiment, names)
    if present and present.data.tags[REPORT_TAG] == digest and _list_files(client, present) == names:
        return str(present.info.run_id)
    tags = {STUDY_TAG: study, RECORD_TAG: record_id(record.root), REPORT_TAG: "incomplete"}
    run = present or client.create_run(
        experiment, tags=tags | {"mlflow.source.name": "ablate report"}, run_name="report"
    )
    try:
        for path in files:
            client.log_artifact(run.info.run_id, str(path), None if path.name in FILES else FIGURES)
        client.set_tag(run.info.run_id, REPORT_TAG, digest)
    finally:
        client.set_terminated(run.info.run_id)
    return str(run.info.run_id)


def _report_files(folder: Path) -> list[Path]:
    pages = [folder / name for name in FILES if (folder / name).exists()]
    return [*pages, *sorted((folder / FIGURES).glob("*.svg"))]


def report_digest(folder: Path) -> str:
    """A digest of the files of the report in a folder."""
    return _digest(_report_files(folder))


def _digest(files: list[Path]) -> str:
    contents = [hashlib.sha256(path.name.encode() + path.read_bytes()).hexdigest() for path in files]
    return hashlib.sha256("".join(contents).encode()).hexdigest()


def _find_report_run(client: MlflowClient, experiment: str, names: set[str]) -> MlflowRun | None:
    """Find the run that holds the report, and restore it if it was deleted. All other runs with a report are deleted.

    MLflow cannot delete a single file, so a run that holds a file not in `names` (of an older report) is not used.
    """
    from mlflow.entities import ViewType

    found = client.search_runs([experiment], f"tags.`{REPORT_TAG}` != ''", ViewType.ALL)
    kept: MlflowRun | None = None
    for run in sorted(found, key=lambda run: run.info.lifecycle_stage != "active"):  # active ones first
        active = run.info.lifecycle_stage == "active"
        if kept is None and _list_files(client, run) <= names:
            kept = run
            if not active:
                client.restore_run(run.info.run_id)
        elif active:
            client.delete_run(run.info.run_id)
    return kept


def _list_files(client: MlflowClient, run: MlflowRun) -> set[str]:
    listed = [*client.list_artifacts(run.info.run_id), *client.list_artifacts(run.info.run_id, FIGURES)]
    return {Path(item.path).name for item in listed if not item.is_dir}
