"""The devices of this machine, and how slots are assigned to them."""

from __future__ import annotations

import ctypes
import json
import subprocess
import warnings
from pathlib import Path

from ablate.cores import count_cores
from ablate.errors import AblateError
from ablate.executors import Request, Warn
from ablate.executors.processes import start_python
from ablate.executors.worker import find_fault

SECONDS_TO_REST = 20.0
"""How long a run that found no room on its GPU waits, if no other run there ends before."""

DRIVERS = ("libcuda.so.1", "libnvidia-ml.so.1", "nvcuda.dll")
"""The libraries of NVIDIA's driver, with which torch counts and uses GPUs, on Linux and on Windows."""

ROCM = Path("/dev/kfd")
"""The device of AMD's driver."""


GPU_PROGRAM = "from ablate.executors.devices import print_gpu_faults; print_gpu_faults()"

MAX_TRIAL = 120.0
"""Seconds that trying all GPUs may take, importing torch included."""


def devices_of_this_machine(request: Request, warn: Warn) -> list[str]:
    """The device of each slot on this machine, see `slot_devices`.

    Raises:
        AblateError: see there; or an address of a cluster is given.
    """
    if request.address is not None:
        raise AblateError(f"--address {request.address} is for --executor ray; without it, runs are trained here")
    return slot_devices(request.device, request.workers, request.per_gpu, warn)


def slot_devices(device: str, workers: int | None, per_gpu: int | None = None, warn: Warn = warnings.warn) -> list[str]:
    """The device of each slot: by default a slot for each GPU or, on the CPU, for each core.

    Args:
        device: `cpu`, `cuda`, or `auto` for the GPUs if there are any that can be used.
        workers: number of slots. Several slots share a GPU if there are more slots than GPUs.
        per_gpu: number of slots per GPU, as an alternative to `workers`. It has no effect on a machine without GPUs.
        warn: called with a line about GPUs that are there but cannot be used.

    Raises:
        AblateError: CUDA is requested but no GPU can be used, or both `workers` and `per_gpu` are given.

    >>> slot_devices("cpu", 2)
    ['cpu', 'cpu']
    """
    if workers and per_gpu:
        raise AblateError("--workers and --per-gpu both set the number of runs at a time; keep one")
    if device == "cpu":
        return ["cpu"] * (workers or count_cores())
    faults = gpu_faults()
    gpus = [f"cuda:{index}" for index, fault in enumerate(faults) if not fault]
    reasons = "; ".join(f"cuda:{index}: {fault}" for index, fault in enumerate(faults) if fault)
    if device == "cuda" and not gpus:
        found = f"torch cannot use the GPUs that it finds ({reasons})" if faults else "torch finds no GPU"
        raise AblateError(f"--device cuda: {found} on this machine; allowed: auto, cpu")
    if reasons:
        warn(f"Not all GPUs can be used ({reasons}); training on {', '.join(gpus) or 'the CPU'}.")
    if not gpus:
        return ["cpu"] * (workers or count_cores())
    return [gpus[slot % len(gpus)] for slot in range(workers or len(gpus) * (per_gpu or 1))]


def gpu_faults() -> list[str]:
    """For each GPU that torch finds, why it cannot be used; empty if it can.

    torch counts GPUs without using them. Another process tries them: this one would otherwise keep memory on each of
    them, and loads no torch. If no GPU driver is installed, nothing is started, to save seconds.
    """
    if not ROCM.exists() and not any(map(_can_load, DRIVERS)):
        return []
    with start_python(GPU_PROGRAM, stdout=subprocess.PIPE) as process:
        try:
            printed, _ = process.communicate(timeout=MAX_TRIAL)
        except subprocess.TimeoutExpired:
            process.kill()
            return [f"trying the GPUs did not end within {MAX_TRIAL:g} s"]
    if process.returncode:
        return [f"looking for GPUs ended with exit code {process.returncode}"]
    faults: list[str] = json.loads(printed.splitlines()[-1])
    return faults


def print_gpu_faults() -> None:
    """Print what `gpu_faults` returns, as JSON."""
    import torch

    print(json.dumps([find_fault(f"cuda:{index}") for index in range(torch.cuda.device_count())]))


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
