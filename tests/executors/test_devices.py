"""The GPUs of odd machines, which are made of files and of a library that claims to be a driver."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from ablate.errors import AblateError
from ablate.executors import ExecutorName, Request, devices, executor_class
from ablate.executors.devices import gpu_faults, slot_devices

NVML = """
int nvmlInit(void) { return 0; }
int nvmlDeviceGetCount_v2(unsigned *count) { *count = 1; return 0; }
"""


@pytest.fixture
def false_driver(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A library that counts a GPU, for which there is no driver."""
    (tmp_path / "nvml.c").write_text(NVML)
    library = tmp_path / "libnvidia-ml.so.1"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, tmp_path / "nvml.c"], check=True)
    monkeypatch.setattr(devices, "DRIVERS", (str(library),))
    monkeypatch.setenv("LD_LIBRARY_PATH", str(tmp_path))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no compiler here")
@pytest.mark.skipif(Path("/dev/nvidiactl").exists(), reason="there is a driver here")
def test_a_gpu_that_is_counted_but_cannot_be_used_is_found_before_training(false_driver: None) -> None:
    (fault,) = gpu_faults()
    assert "driver" in fault
    assert "\n" not in fault


def test_without_a_driver_no_process_looks_for_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "ROCM", Path("nowhere"))
    monkeypatch.setattr(devices, "DRIVERS", ("libnowhere.so",))
    monkeypatch.setattr(devices, "GPU_PROGRAM", "raise SystemExit('a process was started')")
    assert gpu_faults() == []


def test_a_driver_that_breaks_the_process_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "DRIVERS", ("libc.so.6",))
    monkeypatch.setattr(devices, "GPU_PROGRAM", "import os; os.abort()")
    assert gpu_faults() == ["looking for GPUs ended with exit code -6"]


@pytest.mark.parametrize(("faults", "expected"), [(["broken"], ["cpu"] * 2), (["broken", ""], ["cuda:1"] * 2)])
def test_auto_uses_what_can_be_used_and_says_what_cannot(
    faults: list[str], expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices, "gpu_faults", lambda: faults)
    warnings: list[str] = []
    assert slot_devices("auto", 2, warn=warnings.append) == expected
    (line,) = warnings
    assert "cuda:0: broken" in line
    assert line.endswith(f"training on {'the CPU' if expected[0] == 'cpu' else 'cuda:1'}.")


def test_cuda_that_cannot_be_used_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_faults", lambda: ["broken"])
    with pytest.raises(AblateError, match=r"--device cuda: .*cuda:0: broken.*allowed: auto, cpu"):
        slot_devices("cuda", None)


def test_a_slot_a_core_unless_told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: {0, 3, 5})
    assert slot_devices("cpu", None) == ["cpu"] * 3
    assert slot_devices("cpu", 2) == ["cpu"] * 2


def test_slots_are_dealt_over_the_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_faults", lambda: ["", ""])
    assert slot_devices("auto", None) == ["cuda:0", "cuda:1"]
    assert slot_devices("cuda", 4) == ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]
    assert slot_devices("cpu", 1) == ["cpu"]


def test_runs_share_each_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_faults", lambda: ["", ""])
    assert slot_devices("auto", None, per_gpu=2) == ["cuda:0", "cuda:1", "cuda:0", "cuda:1"]
    with pytest.raises(AblateError, match="keep one"):
        slot_devices("auto", 4, per_gpu=2)


def test_cuda_where_there_is_none_is_the_users_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(devices, "gpu_faults", list)
    with pytest.raises(AblateError, match="no GPU"):
        slot_devices("cuda", None)


@pytest.mark.parametrize("name", ["local", "inprocess"])
def test_the_address_of_a_cluster_is_refused_where_none_is_used(name: ExecutorName) -> None:
    with pytest.raises(AblateError, match=r"^--address head:6379 is for --executor ray; "):
        executor_class(name).find_slots(Request(address="head:6379"))
