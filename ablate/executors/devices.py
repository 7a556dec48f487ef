"""The devices of this machine, and how slots are assigned to them."""

from __future__ import annotations

import os

from ablate.errors import AblateError


def slot_devices(device: str, workers: int | None) -> list[str]:
    """The device of each slot: by default a slot for each GPU or, on the CPU, for each core.

    Args:
        device: `cpu`, `cuda`, or `auto` for the GPUs if there are any.
        workers: number of slots. Several slots share a GPU if there are more slots than GPUs.

    Raises:
        AblateError: CUDA is requested, but there is no GPU.

    >>> slot_devices("cpu", 2)
    ['cpu', 'cpu']
    """
    import torch

    gpus = torch.cuda.device_count()
    if device == "cuda" and not gpus:
        raise AblateError("--device cuda: torch finds no GPU on this machine; allowed: auto, cpu")
    if device == "cpu" or not gpus:
        return ["cpu"] * (workers or _cores())
    return [f"cuda:{slot % gpus}" for slot in range(workers or gpus)]


def _cores() -> int:
    """The number of cores that this process is allowed to use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
