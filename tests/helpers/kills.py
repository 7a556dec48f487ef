"""Real sweeps in real processes, to be killed: started within a tenth of a second by a fork server that has torch."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from tempfile import gettempdir
from typing import Any

from mlflow import MlflowClient

SERVER = multiprocessing.get_context("forkserver")
SERVER.set_forkserver_preload(["ablate.training.loop", "ablate.reporting.study.page", "mlflow", "ablate.cli"])


def sweep_process(
    folder: Path, *options: str, study: str = "tiny.yaml", last_write: int | None = None, command: str = "sweep"
) -> BaseProcess:
    """`ablate sweep STUDY` (or another command) in `folder`, what it says being added to the file `out` there.

    Its temporary files are where this process puts its own. It kills itself with -9 instead of putting its
    `last_write`-th file on disk, or of renaming it.
    """
    process = SERVER.Process(target=_sweep, args=(folder, (command, study, *options), last_write, gettempdir()))
    process.start()
    return process


def _sweep(folder: Path, words: tuple[str, ...], last_write: int | None, temporary: str) -> None:
    os.chdir(folder)
    tempfile.tempdir = temporary
    os.environ.pop("MLFLOW_TRACKING_URI", None)
    with open("out", "a") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    sys.argv = ["ablate", *words]
    if last_write is not None:
        countdown = iter(range(last_write))
        os.fsync, os.replace = _fatal(os.fsync, countdown), _fatal(os.replace, countdown)
    from ablate.cli import main

    main()


def _fatal(function: Callable[..., None], countdown: Iterator[int]) -> Callable[..., None]:
    def call(*words: Any) -> None:
        if next(countdown, None) is None:
            os.kill(os.getpid(), signal.SIGKILL)
        function(*words)

    return call


def finish(folder: Path, *options: str, command: str = "sweep") -> str:
    """Sweep to the end, with everything sent to MLflow; what it said, and what interrupted ones said before."""
    before = (folder / "out").read_text() if (folder / "out").exists() else ""
    process = sweep_process(folder, *options, command=command)
    process.join(timeout=300)
    said = (folder / "out").read_text()
    assert process.exitcode == 0, said
    assert "not sent to MLflow" not in said.removeprefix(before), said
    return said


def kill_once(folder: Path, chance: random.Random, seconds: float, *options: str, command: str = "sweep") -> None:
    """Kill a sweep with -9 at a moment of its first `seconds` drawn by chance, or at a write drawn by chance."""
    by_clock = chance.random() < 0.5
    last_write = None if by_clock else chance.randrange(60)
    process = sweep_process(folder, *options, last_write=last_write, command=command)
    process.join(timeout=chance.uniform(0, seconds) if by_clock else 60)
    process.kill()
    process.join()


def kill_a_worker(folder: Path, chance: random.Random, seconds: float, *options: str) -> None:
    """Kill one of a sweep's workers at a moment drawn by chance, and the sweep itself some time later."""
    process = sweep_process(folder, *options)
    process.join(timeout=chance.uniform(0, seconds))
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    workers = children.read_text().split() if children.exists() else []
    if workers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(chance.choice(workers)), signal.SIGKILL)
    process.join(timeout=chance.uniform(0, seconds))
    process.kill()
    process.join()


def damage(folder: Path, chance: random.Random) -> None:
    """What a power cut may do to a file of the record, one drawn by chance: cut it off, empty it, add garbage."""
    files = sorted(path for path in (folder / ".ablate").rglob("*") if path.is_file() and path.name != "lock")
    if files:
        path = chance.choice(files)
        content = path.read_bytes()
        kinds = [content[: chance.randrange(len(content) + 1) // 2], b"", content + chance.randbytes(9)]
        path.write_bytes(chance.choice(kinds))


def recorded(folder: Path) -> dict[str, Any]:
    """All that a record holds, file by file, but for what the clock says, and the machine (and checksums of that)."""
    files = (path for path in (folder / ".ablate" / "runs").rglob("*") if not path.name.endswith(".damaged"))
    return {str(path.relative_to(folder)): _content(path) for path in files if path.is_file()}


def _content(path: Path) -> Any:
    return _timeless(json.loads(path.read_text())) if path.suffix == ".json" else path.read_bytes()


def _timeless(value: Any) -> Any:
    if isinstance(value, list):
        return [_timeless(item) for item in value]
    if not isinstance(value, dict):
        return value
    clocks = ("time", "began", "ended", "time/seconds", "time/images_per_second", "cost/train_seconds", "files", "node")
    return {name: _timeless(item) for name, item in value.items() if name not in clocks}


def check_mirror(folder: Path, study: str = "tiny", runs: int = 4, uri: str | None = None) -> None:
    """Every run of a study is in MLflow once, finished, with every epoch exactly once, as it is recorded."""
    client = MlflowClient(tracking_uri=uri or f"sqlite:///{folder / 'mlflow.db'}")
    experiment = client.get_experiment_by_name(study)
    assert experiment is not None
    told = client.search_runs([experiment.experiment_id], "tags.`ablate.run` != ''")
    rows = {path.parent.name: json.loads(path.read_text()) for path in folder.glob(".ablate/runs/*/epochs.json")}
    assert len({run.data.tags["ablate.run"] for run in told}) == len(told) == runs
    for run in told:
        assert run.info.status == "FINISHED"
        for name in ("train/loss", "val/mse", "val/psnr", "val/ssim"):
            points = client.get_metric_history(run.info.run_id, name)
            history = [(point.step, point.value) for point in points]
            assert history == [(row["epoch"], row[name]) for row in rows[run.data.tags["ablate.run"]]]
        for name in ("time/seconds", "time/images_per_second", *run.data.metrics):
            steps = [point.step for point in client.get_metric_history(run.info.run_id, name)]
            assert len(steps) == len(set(steps))
