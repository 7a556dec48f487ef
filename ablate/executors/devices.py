"""The devices of this machine, and how slots are assigned to them."""

from __future__ import annotations

import ctypes
import os
from pathlib import Path

from ablate.errors import AblateError

SECONDS_TO_REST = 20.0
"""How long a run that found no room on its GPU waits, if no other run there ends before."""

DRIVERS = ("libcuda.so.1", "nvcuda.dll")
"""The library of NVIDIA's driver, which torch loads to find GPUs, on Linux and on Windows."""

ROCM = Path("/dev/kfd")
"""The device of AMD's driver."""


def slot_devices(device: str, workers: int | None, per_gpu: int | None = None) -> list[str]:
    """The device of each slot: by default a slot for each GPU or, on the CPU, for each core.

    Args:
        device: `cpu`, `cuda`, or `auto` for the GPUs if there are any.
        workers: number of slots. Several slots share a GPU if there are more slots than GPUs.
        per_gpu: number of slots on each GPU, instead of `workers`; ignored if there is no GPU.

    Raises:
        AblateError: CUDA is requested but there is no GPU, or both `workers` and `per_gpu` are given.

    >>> slot_devices("cpu", 2)
    ['cpu', 'cpu']
    """
    if workers and per_gpu:
        raise AblateError("--workers and --per-gpu both set the number of runs at a time; keep one")
    if device == "cpu":
        return ["cpu"] * (workers or _cores())
    gpus = count_gpus()
    if device == "cuda" and not gpus:
        raise AblateError("--device cuda: torch finds no GPU on this machine; allowed: auto, cpu")
    if not gpus:
        return ["cpu"] * (workers or _cores())
    return [f"cuda:{slot % gpus}" for slot in range(workers or gpus * (per_gpu or 1))]


def count_gpus() -> int:
    """The number of GPUs that torch finds. torch is imported only if a GPU driver is installed, to save a second."""
    if not ROCM.exists() and not any(map(_can_load, DRIVERS)):
        return 0
    import torch

    return torch.cuda.device_count()


def _can_load(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def _cores() -> int:
    """The number of cores that this process is allowed to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
