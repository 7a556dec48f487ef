"""Runs in this process, one after another: for debugging and tests."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from types import TracebackType

from ablate.errors import AblateError
from ablate.executors import DeviceName
from ablate.executors.devices import slot_devices
from ablate.executors.worker import over_time, perform
from ablate.settings import Run
from ablate.training.events import EpochEnded, Event, Started


class InProcessExecutor:
    """One slot: this process. A run that takes longer than `timeout` seconds is stopped after its epoch."""

    def __init__(self, devices: Sequence[str] = ("cpu",), timeout: float | None = None) -> None:
        self.device, self.timeout = devices[0], timeout
        self.waiting: deque[tuple[Run, bytes | None]] = deque()
        self.running = ""

    @staticmethod
    def find_devices(device: DeviceName, workers: int | None) -> list[str]:
        """See `Executor`: a single slot."""
        if (workers or 1) > 1:
            raise AblateError("--executor inprocess runs one at a time; allowed: --workers 1, or --executor local")
        return slot_devices(device, 1)

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
            for event in self._perform(run, checkpoint):
                if self.running == run.id:
                    yield run.id, event
                if self.running != run.id:
                    break

    def _perform(self, run: Run, checkpoint: bytes | None) -> Iterator[Event]:
        """The events of a run, until its time is over."""
        began = time.monotonic()
        for event in perform(run, checkpoint, self.device):
            yield event
            if self.timeout and isinstance(event, EpochEnded) and time.monotonic() - began > self.timeout:
                yield over_time(self.timeout)
                return

    def __enter__(self) -> InProcessExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.waiting.clear()
