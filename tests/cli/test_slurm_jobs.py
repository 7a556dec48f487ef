"""Jobs of a real Slurm, on two nodes, end with the record of a sweep on this machine, whatever interrupts them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.clusters import wait_until
from tests.helpers.commands import mlflow_runs, sweep_here
from tests.helpers.kills import check_mirror, recorded
from tests.helpers.slurm import PATIENCE, Slurm, slurm_of_two, why_no_slurm
from tests.helpers.tiny import write_tiny_study

pytestmark = pytest.mark.slow

QUEUED_AGAIN = "The walltime is near: the job is queued again"

SLOW_LOSS = """\
import os
import time

import ablate


@ablate.variant("training.loss", "slow")
def slow(denoised, clean):
    time.sleep(float(os.environ.get("SECONDS_PER_STEP", "0")))
    return (denoised - clean).square().mean()
"""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if reason := why_no_slurm():
        pytest.skip(reason)
    with slurm_of_two(tmp_path_factory.mktemp("slurm")) as slurm:
        yield slurm


@pytest.fixture
def slurm(cluster: Slurm) -> Iterator[Slurm]:
    """The cluster, without any jobs."""
    yield cluster
    cluster.typed("scancel", "--user=root")
    wait_until(lambda: not cluster.typed("squeue", "--noheader").stdout)


def write_slow_study(folder: Path, seconds: float, slurm: Slurm, **replace: str) -> None:
    """The tiny study, with a loss that waits at each of its 8 steps per epoch, but only in jobs."""
    (folder / "slow.py").write_text(SLOW_LOSS)
    path = write_tiny_study(folder, **replace)
    text = path.read_text().replace("base:\n", "variants: [slow.py]\nbase:\n  training.loss: slow\n")
    path.write_text(text.replace("training.epochs: 2", "training.epochs: 16"))
    slurm.environment["SECONDS_PER_STEP"] = str(seconds)


def submit(slurm: Slurm, folder: Path) -> tuple[str, Path]:
    """Submit a job of two nodes that sweeps; returns its number and its output."""
    words = ("ablate", "slurm", "tiny.yaml", "--nodes", "2", "--time", "2:00:00", "--partition", "low", "--submit")
    job = slurm.submit(*words, folder=folder)
    return job, folder / f"slurm-{job}.out"


def wait_for(output: Path, text: str, after: str = "") -> None:
    """Wait until a job has printed a text, after another one."""
    wait_until(lambda: output.exists() and text in output.read_text().partition(after or "\n")[2], PATIENCE)


def test_a_node_that_does_not_see_the_folder_is_named(workplace: Path, slurm: Slurm) -> None:
    write_tiny_study(workplace)
    slurm.typed("mount", "-t", "tmpfs", "tmpfs", str(workplace), node="node2")
    job, output = submit(slurm, workplace)
    assert slurm.wait_for_end(job) == "FAILED 2:0"
    errors = [line for line in output.read_text().splitlines() if line.startswith("error: ")]
    assert errors == [
        f"error: node node2 does not see {workplace}; submit from a folder on a file system that all nodes share"
    ]


def test_what_sbatch_refuses_is_one_line(workplace: Path, slurm: Slurm) -> None:
    write_tiny_study(workplace)
    words = ("ablate", "slurm", "tiny.yaml", "--nodes", "2", "--time", "1:00:00", "--submit", "--partition", "nowhere")
    done = slurm.typed(*words, folder=workplace, check=False)
    assert done.returncode == 2
    assert done.stderr == (
        "error: sbatch: error: invalid partition specified: nowhere; sbatch: error: Batch job submission failed: "
        "Invalid partition name specified\n"
    )


def test_after_its_walltime_and_a_preemption_a_job_ends_with_the_record_of_an_undisturbed_sweep(
    workplace: Path, store: Path, slurm: Slurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, there = workplace, workplace / "there"
    there.mkdir()
    write_slow_study(there, 0.25, slurm)
    shutil.copy(store, there)
    job, output = submit(slurm, there)
    wait_for(output, "epoch 2/16")
    slurm.end_soon(job)
    wait_for(output, QUEUED_AGAIN)
    slurm.typed("scontrol", "update", f"JobId={job}", "TimeLimit=120")
    wait_for(output, "started in slot", after=QUEUED_AGAIN)
    other = slurm.submit("sbatch", "--partition=high", "--nodes=2", "--exclusive", "--wrap=true", folder=there)
    assert slurm.wait_for_end(other) == "COMPLETED 0:0"
    assert slurm.wait_for_end(job) == "COMPLETED 0:0"
    said = output.read_text()
    assert "DUE TO PREEMPTION" in said
    assert said.count("4 runs, ") == 3
    assert "on node1: cpu" in said
    assert "on node2: cpu" in said
    assert not [*there.glob(".ablate/slurm-*")]

    for name in ("tiny.yaml", "slow.py"):
        shutil.copy(there / name, here)
    assert sweep_here(monkeypatch) == 0
    assert recorded(there) == recorded(here)
    monkeypatch.chdir(there)
    assert [run.info.status for run in mlflow_runs()] == ["FINISHED"] * 4
    check_mirror(there)


def test_a_job_that_completes_no_epoch_is_not_queued_again(workplace: Path, store: Path, slurm: Slurm) -> None:
    write_slow_study(workplace, 30.0, slurm)
    job, output = submit(slurm, workplace)
    wait_for(output, "started in slot")
    slurm.typed("scancel", "--signal=USR1", "--batch", job)  # as Slurm does before the walltime
    assert slurm.wait_for_end(job) == "FAILED 2:0"
    assert output.read_text().endswith(
        "error: no epoch was completed within --time 2:00:00; submit again with more time\n"
    )
