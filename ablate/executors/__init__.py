"""Executors train runs, here or in other processes, and stream their events. The code above does not know where.

To add an executor, write a module here with a class like `Executor`, and add its name to `ExecutorName` and `CLASSES`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from ablate.settings import Run
    from ablate.training.events import Event

DeviceName = Literal["auto", "cpu", "cuda"]
ExecutorName = Literal["local", "inprocess", "ray"]
Warn = Callable[[str], object]

CLASSES: dict[ExecutorName, tuple[str, str]] = {
    "local": ("ablate.executors.local", "LocalExecutor"),
    "inprocess": ("ablate.executors.inprocess", "InProcessExecutor"),
    "ray": ("ablate.executors.ray", "RayExecutor"),
}
"""The module and the class of each executor, which are imported when they are needed."""


ReadCheckpoint = Callable[[], bytes | None]
"""Reads the checkpoint of a run; None if it has none, so the run starts from the beginning."""


def no_checkpoint() -> None:
    """For runs that start from the beginning."""


@dataclass(frozen=True)
class Request:
    """Where a user wants runs to be trained.

    Attributes:
        device: `auto` for the GPUs if there are any.
        workers: number of runs at a time; by default as many as there is room for.
        per_gpu: number of runs at a time on each GPU.
        address: of a cluster, for executors that have one.
    """

    device: DeviceName = "auto"
    workers: int | None = None
    per_gpu: int | None = None
    address: str | None = None


@dataclass(frozen=True)
class Slots:
    """Where an executor can train.

    Attributes:
        devices: for each run that has room now, a device of this machine, by which its time is estimated.
        start: makes an executor whose runs are stopped after so many seconds, if any.
    """

    devices: Sequence[str]
    start: Callable[[float | None], Executor]


class Executor(Protocol):
    """What an executor provides.

    Runs can be added at any time, even while `events` is read. Leaving the context ends the runs that are still
    training. A run that takes longer than the time limit is stopped.
    """

    @property
    def room(self) -> int:
        """The number of runs that it can train at the same time. It may change while it trains."""

    @classmethod
    def find_slots(cls, request: Request, warn: Warn = warnings.warn) -> Slots:
        """Find out where to train. `warn` is called with a line about devices that are there but cannot be used.

        Raises:
            AblateError: the device does not exist, or there cannot be as many slots as requested.
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
