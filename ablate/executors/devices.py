"""The devices of this machine, and how slots are dealt over them."""

from __future__ import annotations

import os

from ablate.errors import AblateError


def slot_devices(device: str, workers: int | None) -> list[str]:
    """The device of each slot: a slot per core on the CPU; on CUDA slots are dealt over the GPUs, one each by default.

    Raises:
        AblateError: CUDA is asked for and there is none.
    """
    import torch

    gpus = torch.cuda.device_count()
    if device == "cuda" and not gpus:
        raise AblateError("--device cuda: torch sees no GPU here; allowed: auto, cpu")
    if device == "cpu" or not gpus:
        return ["cpu"] * (workers or _cores())
    return [f"cuda:{slot % gpus}" for slot in range(workers or gpus)]


def _cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
