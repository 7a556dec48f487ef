"""Send a record to MLflow, and read what it has of a study."""

from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from ablate.metrics import EPOCH_METRICS
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns
from ablate.studies.planning import Design
from ablate.tracking.connection import tracking_uri
from ablate.tracking.mirror import Mirror


def run_mirror(study: Design, record: Record) -> list[str]:
    """Send what is recorded; returns the warnings."""
    warnings: list[str] = []
    with Mirror(RequestedRuns.of(study), record, warnings.append):
        pass
    return warnings


def mlflow_runs(name: str = "tiny") -> dict[str, MlflowRun]:
    """MLflow's runs of a study by name."""
    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name(name)
    assert experiment is not None
    return {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}


def each_epoch_once(study: Design) -> bool:
    """Whether MLflow has every epoch of every run exactly once, and no run that is still running."""
    client, runs = MlflowClient(tracking_uri=tracking_uri()), mlflow_runs(study.name).values()
    expected = [*range(1, study.runs[0].training.epochs + 1)]
    steps = [
        [point.step for point in client.get_metric_history(run.info.run_id, metric.name)]
        for run in runs
        for metric in EPOCH_METRICS
    ]
    return all(found == expected for found in steps) and {run.info.status for run in runs} == {"FINISHED"}


def refuse(*_: object, **__: object) -> None:
    raise ConnectionError("refused")
