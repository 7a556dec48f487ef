"""Executors train runs, here or in other processes, and stream their events. The code above does not know where.

To add an executor, write a module here with a class like `Executor`, and add its name to `ExecutorName` and `CLASSES`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from ablate.settings import Run
    from ablate.training.events import Event

DeviceName = Literal["auto", "cpu", "cuda"]
ExecutorName = Literal["local", "inprocess"]
Warn = Callable[[str], object]

CLASSES: dict[ExecutorName, tuple[str, str]] = {
    "local": ("ablate.executors.local", "LocalExecutor"),
    "inprocess": ("ablate.executors.inprocess", "InProcessExecutor"),
}
"""The module and the class of each executor, which are imported when they are needed."""


ReadCheckpoint = Callable[[], bytes | None]
"""Reads the checkpoint of a run; None if it has none, so the run starts from the beginning."""


def no_checkpoint() -> None:
    """For runs that start from the beginning."""


class Executor(Protocol):
    """What an executor provides.

    Runs can be added at any time, even while `events` is read. Leaving the context ends the runs that are still
    training. A run that takes longer than `timeout` seconds is stopped.
    """

    def __init__(self, devices: Sequence[str], timeout: float | None = None) -> None: ...

    @staticmethod
    def find_devices(
        device: DeviceName, workers: int | None, per_gpu: int | None = None, warn: Warn = warnings.warn
    ) -> list[str]:
        """The device of each slot; by default as many as the machine has room for.

        Args:
            device: where to train.
            workers: number of runs at a time.
            per_gpu: number of runs at a time on each GPU, instead of `workers`.
            warn: called with a line about devices that are there but cannot be used.

        Raises:
            AblateError: the device does not exist, or there cannot be this many slots.
        """

    def submit(self, run: Run, checkpoint: ReadCheckpoint = no_checkpoint) -> None:
        """Queue a run. Its checkpoint, from which it resumes, is read in this process when it gets a slot."""

    def cancel(self, run_id: str) -> None:
        """Remove a run from the queue, or stop it if it is training. It sends no further events."""

    def events(self) -> Iterator[tuple[str, Event]]:
        """Yield (run id, event) as events arrive, for as long as a run is queued or training."""

    def __enter__(self) -> Executor: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


def executor_class(name: ExecutorName) -> type[Executor]:
    """Import the executor of this name.

    >>> executor_class("inprocess").__name__
    'InProcessExecutor'
    """
    module, attribute = CLASSES[name]
    imported: type[Executor] = getattr(import_module(module), attribute)
    return imported
