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
        self.running = ""

    def submit(self, run: Run, checkpoint: bytes | None = None) -> None:
        """See `Executor`."""
        self.waiting.append((run, checkpoint))

    def cancel(self, run_id: str) -> None:
        """See `Executor`; a running one stops after its epoch."""
        self.waiting = deque(item for item in self.waiting if item[0].id != run_id)
        if self.running == run_id:
            self.running = ""

    def events(self) -> Iterator[tuple[str, Event]]:
        """See `Executor`."""
        while self.waiting:
            run, checkpoint = self.waiting.popleft()
            self.running = run.id
            yield run.id, Started(slot=0, device=self.device)
            for event in perform(run, checkpoint, self.device):
                if self.running == run.id:
                    yield run.id, event
                if self.running != run.id:
                    break

    def __enter__(self) -> InProcessExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.waiting.clear()
