"""Train runs on this machine, in one process per slot. If a worker dies, only its own run is affected.

A worker stays alive between runs, since importing torch takes seconds. `concurrent.futures` is not used: if one of its
workers is killed, its whole pool is unusable, and its futures cannot stream events.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
import warnings
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Pipe, wait
from types import TracebackType

from ablate.errors import AblateError
from ablate.executors import ReadCheckpoint, Request, Slots, Warn, no_checkpoint
from ablate.executors.devices import SECONDS_TO_REST, devices_of_this_machine
from ablate.executors.processes import start_python
from ablate.executors.signals import left_to_the_driver
from ablate.executors.worker import make_timeout
from ablate.settings import Run
from ablate.training.clock import CLOCK, TICK
from ablate.training.events import Ended, Event, Failed, Lost, NoRoom, Started

PROGRAM = """
from ablate.executors.child import main
main(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4])
"""


class LocalExecutor:
    """A slot for each of `devices`, e.g. `["cuda:0", "cuda:1"]`. Workers start when they are first needed.

    The worker of a run that takes longer than `timeout` seconds is killed.
    """

    def __init__(self, devices: Sequence[str], timeout: float | None = None) -> None:
        self.devices, self.timeout = list(devices), timeout
        self.waiting: deque[tuple[Run, ReadCheckpoint]] = deque()
        self.workers: dict[int, Worker] = {}
        self.resting: dict[int, float] = {}  # slots whose run found no room, and until when they get no other

    @classmethod
    def find_slots(cls, request: Request, warn: Warn = warnings.warn) -> Slots:
        """See `Executor`. There is a slot per core, or per GPU, unless their number is requested."""
        devices = devices_of_this_machine(request, warn)
        return Slots(devices, partial(cls, devices))

    @property
    def room(self) -> int:
        """See `Executor`: the number of slots."""
        return len(self.devices)

    def submit(self, run: Run, checkpoint: ReadCheckpoint = no_checkpoint) -> None:
        """See `Executor`."""
        self.waiting.append((run, checkpoint))

    def cancel(self, run_id: str) -> None:
        """See `Executor`. The worker of a run that is training is killed, and another one takes its slot."""
        self.waiting = deque(item for item in self.waiting if item[0].id != run_id)
        for worker in list(self.workers.values()):
            if worker.run_id == run_id:
                self._dismiss(worker)

    def events(self) -> Iterator[tuple[str, Event]]:
        """See `Executor`."""
        with CLOCK.watched():
            yield from self._events()

    def _events(self) -> Iterator[tuple[str, Event]]:
        while True:
            yield from self._assign_runs()
            busy = [worker for worker in self.workers.values() if worker.run_id]
            if not busy and not self.waiting:
                return
            ready = wait([worker.connection for worker in busy], self._seconds_to_wait())
            for worker in busy:
                # the caller can cancel runs while it handles an event, which clears the id of their worker
                if worker.run_id and worker.connection in ready:
                    yield from self._receive(worker)
                if worker.run_id and self.timeout and worker.age() > self.timeout:
                    run_id = worker.run_id
                    self._dismiss(worker)
                    yield run_id, make_timeout(self.timeout)

    def _seconds_to_wait(self) -> float | None:
        """Seconds until the time limit is to be checked again or a slot has rested; None if neither is needed."""
        waits = [until - time.monotonic() for until in self.resting.values()] if self.waiting else []
        if self.timeout:
            waits.append(TICK)
        return max(0.0, min(waits)) if waits else None

    def _receive(self, worker: Worker) -> Iterator[tuple[str, Event]]:
        run_id, event = worker.run_id, worker.receive()
        slot = next(slot for slot, other in self.workers.items() if other is worker)
        if isinstance(event, NoRoom):
            self.resting[slot] = time.monotonic() + SECONDS_TO_REST
        elif not worker.run_id:  # it has ended, so there is more room on its device
            self.resting = {s: until for s, until in self.resting.items() if self.devices[s] != self.devices[slot]}
        if isinstance(event, Lost | Failed):  # what made the run fail may also have damaged the process
            self._dismiss(worker)
        started = list(self._assign_runs())  # now, since the slot must not wait until the caller has handled the event
        yield run_id, event
        training = {worker.run_id for worker in self.workers.values()}
        yield from ((next_id, event) for next_id, event in started if next_id in training)  # unless it is cancelled

    def _dismiss(self, worker: Worker) -> None:
        """End a worker. Another one takes its slot when it is needed."""
        self.workers = {slot: other for slot, other in self.workers.items() if other is not worker}
        worker.end()

    def _assign_runs(self) -> Iterator[tuple[str, Event]]:
        """Give waiting runs to idle slots."""
        for slot, device in enumerate(self.devices):
            if not self.waiting:
                return
            if self.resting.get(slot, 0.0) > time.monotonic():
                continue
            self.resting.pop(slot, None)
            worker = self.workers.get(slot)
            # a slot without a worker, or with one that died while it was idle
            if worker is None or not (worker.run_id or worker.process.poll() is None):
                worker = self.workers[slot] = Worker(device)
            if not worker.run_id:
                run, checkpoint = self.waiting.popleft()
                worker.start(run, checkpoint())
                yield run.id, Started(slot, device)

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for worker in self.workers.values():
            worker.end()
        self.workers.clear()


class Worker:
    """The driver's end of one worker process."""

    def __init__(self, device: str) -> None:
        self.connection, theirs = Pipe()
        lifeline, self.lifeline = os.pipe()  # its second end is open only in this process, and never written to
        ends = theirs.fileno(), lifeline
        with left_to_the_driver():
            self.process = start_python(PROGRAM, *map(str, ends), device, pass_fds=ends)
        theirs.close()
        os.close(lifeline)
        self.run_id, self.since = "", 0.0

    def start(self, run: Run, checkpoint: bytes | None) -> None:
        """Start a run. If the process is gone, `receive` returns the event for that."""
        self.run_id, self.since = run.id, CLOCK.seconds()
        with suppress(OSError):
            self.connection.send((run, checkpoint))

    def age(self) -> float:
        """Seconds since its run was started, without those in which the sweep was suspended."""
        return CLOCK.seconds() - self.since

    def receive(self) -> Event:
        """The next event of its run; `Lost` if the process is gone.

        Raises:
            AblateError: no worker can train here, which is not the run's fault.
        """
        try:
            event: Event | AblateError = self.connection.recv()
        except (EOFError, OSError):
            event = self._loss()
        if isinstance(event, AblateError):
            raise event
        if isinstance(event, Ended | Lost | Failed):
            self.run_id = ""
        return event

    def _loss(self) -> Lost | AblateError:
        """Why the process is gone: a run can get it killed, but no run makes it exit with an error of its own."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=5)
        code = self.process.returncode
        if code is not None and code > 0:
            return AblateError(f"a worker ended with exit code {code}; what it printed is above")
        guess = "; perhaps memory ran out" if code == -signal.SIGKILL else ""
        cause = f"killed by signal {-code} ({signal.Signals(-code).name}{guess})" if code else f"exit code {code}"
        return Lost(f"its worker died: {cause}")

    def end(self) -> None:
        """End the process, whatever it is doing."""
        self.run_id = ""
        self.process.kill()
        self.process.wait()
        self.connection.close()
        os.close(self.lifeline)
