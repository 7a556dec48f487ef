"""Run commands in this process, as a user would type them, and read what they logged to MLflow."""

from __future__ import annotations

import sys

import pytest
from mlflow import MlflowClient
from mlflow.entities import Run as MlflowRun

from ablate.cli import main
from ablate.cli._shared import err, out
from ablate.tracking.connection import tracking_uri


def typed(*words: str, monkeypatch: pytest.MonkeyPatch, width: int = 160) -> int:
    """Run `ablate ...` in a terminal of so many columns, and return its exit code."""
    monkeypatch.setattr(sys, "argv", ["ablate", *words])
    for console in (out, err):
        monkeypatch.setattr(console, "_width", width)
    with pytest.raises(SystemExit) as stop:
        main()
    return int(stop.value.code or 0)


def sweep_here(monkeypatch: pytest.MonkeyPatch, *options: str) -> int:
    return typed("sweep", "tiny.yaml", "--executor", "inprocess", *options, monkeypatch=monkeypatch)


def mlflow_runs() -> list[MlflowRun]:
    client = MlflowClient(tracking_uri=tracking_uri())
    experiment = client.get_experiment_by_name("tiny")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id], "tags.`ablate.run` != ''"))
