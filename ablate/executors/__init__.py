"""Executors run training elsewhere and stream its events back. What is above them does not know where that is.

A new executor is a module here with a class like `Executor`, its name in `ExecutorName` and its entry in `CLASSES`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from importlib import import_module
from types import TracebackType
from typing import Literal, Protocol

from ablate.settings import Run
from ablate.training.events import Event

DeviceName = Literal["auto", "cpu", "cuda"]
ExecutorName = Literal["local", "inprocess"]

CLASSES: dict[ExecutorName, tuple[str, str]] = {
    "local": ("ablate.executors.local", "LocalExecutor"),
    "inprocess": ("ablate.executors.inprocess", "InProcessExecutor"),
}
"""Module and class, imported when they are needed."""


class Executor(Protocol):
    """Runs may be added at any time, also while `events` is read. Leaving the context ends whatever still runs.

    A run that takes longer than `timeout` seconds is stopped.
    """

    def __init__(self, devices: Sequence[str], timeout: float | None = None) -> None: ...

    @staticmethod
    def find_devices(device: DeviceName, workers: int | None) -> list[str]:
        """The device of each slot, for so many runs at a time; by default as many as there is room for.

        Raises:
            AblateError: there is no such device, or there cannot be so many slots.
        """

    def submit(self, run: Run, checkpoint: bytes | None = None) -> None:
        """Queue a run, to go on from a checkpoint of it if there is one."""

    def cancel(self, run_id: str) -> None:
        """Forget a queued run or stop a running one; no event tells of it."""

    def events(self) -> Iterator[tuple[str, Event]]:
        """(run id, event) as they come, for as long as a run is queued or running."""

    def __enter__(self) -> Executor: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def executor_class(name: ExecutorName) -> type[Executor]:
    """The executor of this name."""
    module, attribute = CLASSES[name]
    found: type[Executor] = getattr(import_module(module), attribute)
    return found
