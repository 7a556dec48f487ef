"""Train runs in this process, one after another, for debugging and tests."""

from __future__ import annotations

import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from types import TracebackType

from ablate.errors import AblateError
from ablate.executors import ReadCheckpoint, Request, Slots, Warn, no_checkpoint
from ablate.executors.devices import SECONDS_TO_REST, devices_of_this_machine
from ablate.executors.worker import make_timeout, perform
from ablate.settings import Run
from ablate.training.clock import CLOCK
from ablate.training.events import EpochEnded, Event, NoRoom, Started


class InProcessExecutor:
    """A single slot, which is this process. A run over its time limit is stopped at the end of an epoch."""

    def __init__(self, devices: Sequence[str] = ("cpu",), timeout: float | None = None) -> None:
        self.device, self.timeout = devices[0], timeout
        self.waiting: deque[tuple[Run, ReadCheckpoint]] = deque()
        self.running = ""

    @classmethod
    def find_slots(cls, request: Request, warn: Warn = warnings.warn) -> Slots:
        """See `Executor`. There is a single slot."""
        if max(request.workers or 1, request.per_gpu or 1) > 1:
            raise AblateError("--executor inprocess trains one run at a time; allowed: one worker, or --executor local")
        devices = devices_of_this_machine(Request(request.device, 1, address=request.address), warn)
        return Slots(devices, partial(cls, devices))

    @property
    def room(self) -> int:
        """See `Executor`."""
        return 1

    def submit(self, run: Run, checkpoint: ReadCheckpoint = no_checkpoint) -> None:
        """See `Executor`."""
        self.waiting.append((run, checkpoint))

    def cancel(self, run_id: str) -> None:
        """See `Executor`. A run that is training stops at the end of its epoch."""
        self.waiting = deque(item for item in self.waiting if item[0].id != run_id)
        if self.running == run_id:
            self.running = ""

    def events(self) -> Iterator[tuple[str, Event]]:
        """See `Executor`."""
        with CLOCK.watched():
            while self.waiting:
                yield from self._train(*self.waiting.popleft())

    def _train(self, run: Run, checkpoint: ReadCheckpoint) -> Iterator[tuple[str, Event]]:
        self.running = run.id
        yield run.id, Started(slot=0, device=self.device)
        for event in self._perform(run, checkpoint()):
            if self.running == run.id:
                yield run.id, event
            if isinstance(event, NoRoom):
                time.sleep(SECONDS_TO_REST)
            if self.running != run.id:  # cancelled, perhaps while this event was handled
                break

    def _perform(self, run: Run, checkpoint: bytes | None) -> Iterator[Event]:
        """Yield the events of a run until it ends or exceeds its time limit."""
        began = CLOCK.seconds()
        for event in perform(run, checkpoint, self.device):
            yield event
            if self.timeout and isinstance(event, EpochEnded) and CLOCK.seconds() - began > self.timeout:
                yield make_timeout(self.timeout)
                return

    def __enter__(self) -> InProcessExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.waiting.clear()
