"""The runs of an MLflow experiment as rows of a table, from any tracking server and any program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError, quote, suggest
from ablate.records.score_files import Rows
from ablate.tracking.errors import describe_error
from ablate.tracking.paging import all_pages

if TYPE_CHECKING:
    from mlflow.entities import Run as MlflowRun


def read_experiment(name: str, tracking_uri: str | None = None) -> Rows:
    """The runs of an experiment that are not deleted, the oldest first; the columns are `params.`, `tags.`, `metrics.`.

    A run that has not finished has no metrics here: what it logged is not its result.

    Args:
        name: of the experiment.
        tracking_uri: of the server; by default the one that MLflow uses (`MLFLOW_TRACKING_URI`).

    Raises:
        AblateError: the server does not answer, or has no such experiment, or this has no runs.
    """
    from mlflow import MlflowClient

    try:
        client = MlflowClient(tracking_uri)
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            known = [found.name for found in all_pages(client.search_experiments)]
            raise AblateError(f"--mlflow {quote(name)}: no such experiment; {suggest(name, known)}")
        oldest_first = {"order_by": ["attributes.start_time ASC"]}
        runs = list(all_pages(client.search_runs, experiment_ids=[experiment.experiment_id], **oldest_first))
    except AblateError:
        raise
    except Exception as error:  # of the server, the network or the store
        raise AblateError(f"--mlflow {quote(name)}: MLflow cannot be read ({describe_error(error)})") from None
    if not runs:
        raise AblateError(f"--mlflow {quote(name)}: the experiment has no runs")
    rows = tuple(map(_row, runs))
    columns = tuple(sorted({column for row in rows for column in row}))
    return Rows(name, columns, rows, tuple(map(_place, runs)))


def _row(run: MlflowRun) -> dict[str, Any]:
    tags = {f"tags.{name}": value for name, value in run.data.tags.items() if not name.startswith("mlflow.")}
    row: dict[str, Any] = {f"params.{name}": value for name, value in run.data.params.items()} | tags
    if run.info.status == "FINISHED":
        row |= {f"metrics.{name}": value for name, value in run.data.metrics.items()}
    return row


def _place(run: MlflowRun) -> str:
    status = "" if run.info.status == "FINISHED" else f", {run.info.status.lower()}"
    return f"run {run.info.run_name} ({run.info.run_id[:8]}{status})"
