"""The events of a training run.

Its executor sends `Started`, the training itself an `EpochEnded` for each epoch and then `Ended`. A run that does not
end has `Lost` or `Failed` as its last event, from its executor, or `Stopped` or `Abandoned`, from the sweep. Of a run
that is not trained, since it was found elsewhere, the sweep sends `Adopted` alone.

Events are sent between processes and machines, so they contain plain data and bytes, never tensors. The driver, which
receives them, does not need torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Row = dict[str, float]
"""One epoch: `epoch` from 1, `time` in Unix seconds at its end, and its metrics by name."""


@dataclass(frozen=True)
class Started:
    """The run has started, in this slot and on this device."""

    slot: int
    device: str


@dataclass(frozen=True)
class EpochEnded:
    """An epoch has ended.

    Attributes:
        rows: of all epochs so far, in order.
        checkpoint: to resume from.
        source: a digest of the code that trained the epoch.
    """

    rows: list[Row]
    checkpoint: bytes
    source: str = ""


@dataclass(frozen=True)
class Ended:
    """The run has ended.

    Attributes:
        status: `diverged` if its loss, or a score at the end, was not finite.
        results: result metrics by name; without scores if the loss was not finite.
        weights: of the best epoch, as safetensors.
        arrays: safetensors with `test_mse`, the error of each test image, and with `noisy`, `clean` and `denoised`, the
            images of the first test scenes; empty if the loss was not finite.
        environment: versions, device and commit, by stretches of epochs if another version or device resumed the run.
        rows: all its epochs.
        changes: the diffs of the code against its commits, by their digests (`environment["changes"]`).
    """

    status: Literal["finished", "diverged"]
    results: dict[str, float]
    weights: bytes
    arrays: bytes
    environment: dict[str, Any]
    rows: list[Row]
    changes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Lost:
    """The worker of the run is gone, for a reason that need not be the run's fault."""

    reason: str


@dataclass(frozen=True)
class NoRoom(Lost):
    """The run found no room in the memory of its GPU, which others use, too. It waits until there may be some."""


@dataclass(frozen=True)
class Failed:
    """The run has failed: it raised an exception, or exceeded its time limit."""

    reason: str
    trace: str = ""
    status: Literal["failed", "timed out"] = "failed"


@dataclass(frozen=True)
class Stopped:
    """The run is not needed any more. It stays unfinished, and can be resumed from its last epoch."""


@dataclass(frozen=True)
class Abandoned:
    """The run has lost its worker too often for this sweep. It is lost until the next one resumes it."""

    reason: str


@dataclass(frozen=True)
class Adopted:
    """The run has been adopted instead of trained; it was trained elsewhere.

    Attributes:
        source: where it was found.
        epochs: how many it has.
    """

    source: str
    epochs: int


Event = Started | EpochEnded | Ended | Lost | Failed | Stopped | Abandoned | Adopted
