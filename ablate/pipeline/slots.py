"""Where the runs of a sweep are trained: an executor by its name, and a slot on each of its devices."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from ablate.executors import DeviceName, Executor, ExecutorName, Warn, executor_class


@dataclass(frozen=True)
class Slots:
    """As many runs are trained at a time as there are `devices`, by the executor of this name."""

    executor: ExecutorName
    devices: list[str]

    def start(self, timeout: float | None) -> Executor:
        """An executor on these slots; a run is stopped after so many seconds."""
        return executor_class(self.executor)(self.devices, timeout)


def find_slots(
    executor: ExecutorName = "local",
    device: DeviceName = "auto",
    workers: int | None = None,
    per_gpu: int | None = None,
    *,
    warn: Warn = warnings.warn,
) -> Slots:
    """The slots that an executor finds; `warn` is called with a line about devices that cannot be used.

    Raises:
        AblateError: the device does not exist, or there cannot be so many slots.
    """
    return Slots(executor, executor_class(executor).find_devices(device, workers, per_gpu, warn))
