"""Full disks, folders with odd names or without write access, and concurrent sweeps, with real processes."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ablate.studies.planning import Design
from tests.helpers.kills import check_mirror, finish, recorded, sweep_process
from tests.helpers.tiny import write_tiny_study

IN_PROCESS = ("--executor", "inprocess")


def mount(folder: Path, *options: str) -> None:
    """Mount a small file system in memory; the test is skipped if that is not allowed."""
    done = subprocess.run(["mount", "-t", "tmpfs", *options, "tmpfs", str(folder)], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"no file system can be mounted here: {done.stderr.strip()}")


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A folder on a disk of six megabytes."""
    try:
        mount(tmp_path, "-o", "size=6m")
    except FileNotFoundError:
        pytest.skip("there is no `mount` here")
    yield tmp_path
    subprocess.run(["umount", "--lazy", str(tmp_path)], check=True)  # lazily: MLflow keeps the store open


@pytest.mark.slow
def test_a_full_disk_is_reported_and_the_sweep_resumes_once_there_is_room(
    small_disk: Path, swept: tuple[Path, Design]
) -> None:
    write_tiny_study(small_disk)
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 100_000))
    process = sweep_process(small_disk, *IN_PROCESS)
    process.join(timeout=300)
    printed = (small_disk / "out").read_text()
    assert process.exitcode == 1
    assert "no space left on device" in printed
    assert "the same command" in printed, "what to do next"
    assert "Traceback" not in printed
    ballast.unlink()
    finish(small_disk, *IN_PROCESS)
    assert recorded(small_disk) == recorded(swept[0])
    check_mirror(small_disk)


@pytest.mark.slow
def test_a_read_only_disk_is_reported(tmp_path: Path) -> None:
    write_tiny_study(tmp_path)
    (tmp_path / "out").touch()
    mount_options = ["mount", "--bind", "-o", "ro", str(tmp_path), str(tmp_path)]
    if subprocess.run(mount_options, capture_output=True).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        done = subprocess.run(
            [sys.executable, "-c", "from ablate.cli import main; main()", "sweep", "tiny.yaml"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)
    assert done.returncode == 1
    assert "read-only file system" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_a_folder_whose_name_has_blanks_and_accents_works_like_any_other(
    tmp_path: Path, swept: tuple[Path, Design]
) -> None:
    folder = tmp_path / "été à l'île 100% #1"
    folder.mkdir()
    write_tiny_study(folder)
    finish(folder, *IN_PROCESS)
    assert recorded(folder) == recorded(swept[0])
    check_mirror(folder)
    assert list(folder.glob("mlruns/tiny/*/artifacts/weights.safetensors"))


@pytest.mark.slow
def test_concurrent_sweeps_in_an_empty_folder_train_each_run_once(tmp_path: Path, swept: tuple[Path, Design]) -> None:
    write_tiny_study(tmp_path)
    processes = [sweep_process(tmp_path, *IN_PROCESS) for _ in range(2)]
    for process in processes:
        process.join(timeout=300)
    printed = (tmp_path / "out").read_text()
    assert [process.exitcode for process in processes] == [0, 0], printed
    assert printed.count("epoch 2/2") == 4, "each run is trained once"
    assert printed.count("Report: reports/tiny/README.md") == 2
    assert "Another sweep is running in this folder; waiting for it." in printed
    assert recorded(tmp_path) == recorded(swept[0])
    check_mirror(tmp_path)


@pytest.mark.slow
def test_concurrent_sweeps_of_studies_that_share_runs_train_these_once(tmp_path: Path) -> None:
    write_tiny_study(tmp_path)
    write_tiny_study(tmp_path, "other.yaml", seeds="[1, 2]")
    processes = [sweep_process(tmp_path, *IN_PROCESS, study=study) for study in ("tiny.yaml", "other.yaml")]
    for process in processes:
        process.join(timeout=300)
    printed = (tmp_path / "out").read_text()
    assert [process.exitcode for process in processes] == [0, 0], printed
    assert printed.count("epoch 2/2") == 6, "two arms, three seeds"
    check_mirror(tmp_path, "tiny", runs=4)
    check_mirror(tmp_path, "other", runs=4)
    reports = [(tmp_path / "reports" / name / "README.md").read_text() for name in ("tiny", "other")]
    assert all("waiting for missing runs" not in report for report in reports)
