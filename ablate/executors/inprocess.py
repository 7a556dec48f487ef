"""Runs in this process, one after another: for debugging and tests."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import TracebackType

from ablate.executors.worker import perform
from ablate.settings import Run
from ablate.training.events import Event, Started


class InProcessExecutor:
    """One slot: this process."""

    def __init__(self, device: str = "cpu") -> None:
        self.device = device
        self.waiting: deque[tuple[Run, bytes | None]] = deque()
        self.cancelled: set[str] = set()

    def submit(self, run: Run, checkpoint: bytes | None = None) -> None:
        """See `Executor`."""
        self.cancelled.discard(run.id)
        self.waiting.append((run, checkpoint))

    def cancel(self, run_id: str) -> None:
        """See `Executor`; a running one stops after its epoch."""
        self.cancelled.add(run_id)

    def events(self) -> Iterator[tuple[str, Event]]:
        """See `Executor`."""
        while self.waiting:
            run, checkpoint = self.waiting.popleft()
            if run.id in self.cancelled:
                continue
            yield run.id, Started(slot=0, device=self.device)
            for event in perform(run, checkpoint, self.device):
                yield run.id, event
                if run.id in self.cancelled:
                    break

    def __enter__(self) -> InProcessExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.waiting.clear()
