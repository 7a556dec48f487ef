"""Where the runs of a sweep are trained: an executor by its name, and a slot on each of its devices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ablate.errors import AblateError
from ablate.executors import Executor

ExecutorName = Literal["local", "inprocess"]
DeviceName = Literal["auto", "cpu", "cuda"]


@dataclass(frozen=True)
class Slots:
    """As many runs are trained at a time as there are `devices`, by the executor of this name."""

    executor: ExecutorName
    devices: list[str]

    def start(self, timeout: float | None) -> Executor:
        """An executor on these slots; a run is stopped after so many seconds."""
        from ablate.executors.inprocess import InProcessExecutor
        from ablate.executors.local import LocalExecutor

        if self.executor == "local":
            return LocalExecutor(self.devices, timeout)
        return InProcessExecutor(self.devices[0], timeout)


def find_slots(executor: ExecutorName = "local", device: DeviceName = "auto", workers: int | None = None) -> Slots:
    """The slots of this machine: by default one per core, or one per GPU.

    Raises:
        AblateError: there is no such device, or there cannot be so many slots.
    """
    from ablate.executors.local import slot_devices

    if executor == "inprocess" and (workers or 1) > 1:
        raise AblateError("--executor inprocess runs one at a time; allowed: --workers 1, or --executor local")
    return Slots(executor, slot_devices(device, 1 if executor == "inprocess" else workers))
