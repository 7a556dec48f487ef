"""What a training run tells, in order: `Started` by its executor, `EpochEnded` by itself, then `Ended` or `Failed`.

Events cross processes and machines, so they hold plain data and bytes, never tensors; and the driver needs no torch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Row = dict[str, float]
"""One epoch: `epoch` from 1, `time` in Unix seconds at its end, and its metrics by name."""


@dataclass(frozen=True)
class Started:
    """A slot has taken the run up."""

    slot: int
    device: str


@dataclass(frozen=True)
class EpochEnded:
    """All epochs so far, the newest last, and a checkpoint to go on from."""

    rows: list[Row]
    checkpoint: bytes


@dataclass(frozen=True)
class Ended:
    """The run came to its end. `diverged`: its loss was not finite, or it is worse than answering zero.

    `results` lacks the scores if the loss was not finite. `weights` (the best epoch's) and `arrays` are safetensors;
    `arrays` has `test_mse`, the error of each test image, and `noisy`, `clean`, `denoised` for the first test scenes.
    """

    status: Literal["finished", "diverged"]
    results: dict[str, float]
    weights: bytes
    arrays: bytes
    environment: dict[str, Any]


@dataclass(frozen=True)
class Failed:
    """The run broke: an exception in it, or its worker died."""

    reason: str
    trace: str = ""


Event = Started | EpochEnded | Ended | Failed
