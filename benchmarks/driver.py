"""What one driver can take in: `python -m benchmarks.driver`.

Checkpoints, as bytes per second: over Ray from a worker to the driver, and from there to the record, which computes a
checksum and waits until they are on disk. Numbers per second: from the record to MLflow, in a SQLite file and on an
MLflow server with one worker on this machine.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir
from functools import partial
from pathlib import Path
from typing import Any

import mlflow

from ablate.executors.cluster import LOCAL, connected
from ablate.metrics import EPOCH_METRICS
from ablate.overrides import resolve
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns
from ablate.settings import Run
from ablate.tracking.mirror import Mirror
from ablate.training.events import Ended, EpochEnded, Started
from benchmarks.pairs import machine, options, summary, table
from tests.helpers.servers import Server

SIZES = {"2 MB": 2 * 10**6, "100 MB": 10**8}
"""Of checkpoints: about that of the default network, and that of a network of 8 million parameters with Adam."""

RUNS, EPOCHS = 100, 30


def run_of(seed: int) -> Run:
    """The default run of a seed."""
    settings = resolve({})
    return Run(model=settings.model, data=settings.data, training=settings.training, seed=seed)


def receive(size: int, number: int) -> float:
    """Bytes per second of the checkpoints that a Ray task yields and this process receives."""
    import ray

    @ray.remote(num_cpus=1, num_returns="streaming")
    def stream() -> object:
        for _ in range(number + 1):
            yield os.urandom(size)

    items: Any = stream.remote()
    ray.get(next(items))  # the worker has started
    began = time.perf_counter()
    for item in items:
        assert len(ray.get(item)) == size
    return number * size / (time.perf_counter() - began)


def record_checkpoints(size: int, number: int) -> float:
    """Bytes of checkpoints per second that the record writes."""
    with tempfile.TemporaryDirectory(dir=".") as folder:  # on a disk, which the default folder may not be
        record, run, content = Record(Path(folder)), run_of(0), os.urandom(size)
        record.write_event(run, Started(0, "cpu"))
        began = time.perf_counter()
        for epoch in range(1, number + 1):
            record.write_event(run, EpochEnded([{"epoch": epoch, "time": 0.0}], content))
        return number * size / (time.perf_counter() - began)


def send_numbers(address: str) -> float:
    """Numbers per second that MLflow accepts, of runs that are recorded with their epochs, scores and files."""
    with tempfile.TemporaryDirectory() as folder, chdir(folder):
        os.environ["MLFLOW_TRACKING_URI"] = address.format(folder=folder)
        mlflow.MlflowClient().search_experiments()  # makes the store
        record, requested = Record(), RequestedRuns("driver", "How much?", {})
        for seed in range(RUNS):
            run = run_of(seed)
            numbers = {metric.name: 0.5 for metric in EPOCH_METRICS}
            rows = [numbers | {"epoch": epoch, "time": float(epoch)} for epoch in range(1, EPOCHS + 1)]
            record.write_event(run, Started(0, "cpu"))
            record.write_event(run, Ended("finished", {"test/psnr": 30.0}, b"", b"", {}, rows))
            requested.runs[run.id] = Label("default", seed)
        began = time.perf_counter()
        with Mirror(requested, record, warn=print):
            pass
        return RUNS * (EPOCHS * len(EPOCH_METRICS) + 1) / (time.perf_counter() - began)


def main() -> None:
    """Print the table."""
    parser = options(__doc__, repeats=3, pairs=False)
    repeats = parser.parse_args().repeats
    rows = []

    def measure(what: str, unit: float, function: Callable[[], float]) -> None:
        rows.append([what, summary([function() / unit for _ in range(repeats)])])

    with connected(LOCAL):
        for name, size in SIZES.items():
            measure(f"checkpoints of {name} over Ray, MB/s", 1e6, partial(receive, size, 20))
    for name, size in SIZES.items():
        measure(f"checkpoints of {name} to the record, MB/s", 1e6, partial(record_checkpoints, size, 20))
    measure("numbers to MLflow's SQLite file, per second", 1, partial(send_numbers, "sqlite:///{folder}/mlflow.db"))
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder))
        server.start()
        try:
            measure("numbers to MLflow's server, per second", 1, partial(send_numbers, server.address))
        finally:
            server.stop()
    print(machine())
    print(table(["what", "median and range"], rows))


if __name__ == "__main__":
    main()
