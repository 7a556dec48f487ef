"""What a training run tells, in order: `Started` by its executor, `EpochEnded` by itself, then `Ended`.

Or, from its executor, `Lost` or `Failed`; or, from the sweep, `Stopped`.

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

    `rows` are all its epochs. `results` lacks the scores if the loss was not finite. `weights` (the best epoch's) and
    `arrays` are safetensors; `arrays` has `test_mse`, the error of each test image, and for the first test scenes
    `noisy`, `clean` and `denoised`.
    """

    status: Literal["finished", "diverged"]
    results: dict[str, float]
    weights: bytes
    arrays: bytes
    environment: dict[str, Any]
    rows: list[Row]


@dataclass(frozen=True)
class Lost:
    """The run's worker is gone; nothing says that the run is to blame."""

    reason: str


@dataclass(frozen=True)
class Failed:
    """The run broke: an exception in it, its worker lost too often, or its time over."""

    reason: str
    trace: str = ""
    status: Literal["failed", "timed out"] = "failed"


@dataclass(frozen=True)
class Stopped:
    """Nobody wants the run any more: it stays unfinished, to go on from its newest epoch if somebody does."""


Event = Started | EpochEnded | Ended | Lost | Failed | Stopped
