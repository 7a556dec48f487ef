"""Executors run training elsewhere and stream its events back. What is above them does not know where that is."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Protocol

from ablate.settings import Run
from ablate.training.events import Event


class Executor(Protocol):
    """Runs may be added at any time, also while `events` is read. Leaving the context ends whatever still runs."""

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
