"""Train runs on the nodes of a Ray cluster, each as a task that streams its events to this process.

Ray places the tasks, isolates them and carries their events; nothing is shared between the machines. It never repeats a
task: the sweep submits a lost run again, from its newest checkpoint.
"""

from __future__ import annotations

import os
import platform
import tempfile
import time
import warnings
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError
from ablate.executors import ReadCheckpoint, Request, Slots, Warn, no_checkpoint
from ablate.executors.cluster import (
    LOCAL,
    PACKAGE,
    Demand,
    check_node,
    check_nodes,
    connected,
    describe_node,
    find_address,
    first_line,
    resources_of_nodes,
)
from ablate.executors.devices import SECONDS_TO_REST, slot_devices
from ablate.executors.worker import find_fault, make_timeout, perform
from ablate.settings import Run
from ablate.training.clock import CLOCK, TICK
from ablate.training.events import Ended, Event, Failed, Lost, NoRoom, Started
from ablate.training.origin import Code, read_code

if TYPE_CHECKING:
    from ray import ObjectRefGenerator

AHEAD = 2
"""Events of a run that may wait for the driver. Then its task waits, too: an event has a checkpoint of some megabytes,
and none is skipped."""

REASONS = {
    "NodeDiedError": "its node died",
    "OutOfMemoryError": "its node had no memory left",
    "WorkerCrashedError": "its worker died",
}
"""Why a run was lost, by the name of Ray's exception; of others, what the exception says."""


@dataclass
class Task:
    """A run that was given to Ray.

    Attributes:
        slot: its number among the runs that are given to Ray at the same time.
        began: when it started, in seconds of `CLOCK`; None while it waits for a node.
    """

    run: Run
    slot: int
    began: float | None = None


class RayExecutor:
    """As many runs at a time as the cluster has room for, which changes when nodes join or leave.

    Attributes:
        room: that number, as last counted.
    """

    def __init__(self, address: str, demand: Demand, room: int, workers: int | None, timeout: float | None) -> None:
        self.address, self.demand, self.room, self.workers, self.timeout = address, demand, room, workers, timeout
        self.waiting: deque[tuple[Run, ReadCheckpoint]] = deque()
        self.tasks: dict[ObjectRefGenerator[Any], Task] = {}
        self.resting_until = 0.0  # when a run found no room in the memory of its GPU
        self.connection = ExitStack()
        self.wanted, self.code = describe_node(), read_code(PACKAGE)  # what each node needs, and is sent

    @classmethod
    def find_slots(cls, request: Request, warn: Warn = warnings.warn) -> Slots:
        """See `Executor`. `workers` limits the number of runs; `per_gpu` sets each run's share of a GPU.

        The devices are those of this machine, by which times are estimated.
        """
        address = find_address(request.address)
        if address == LOCAL:
            devices = slot_devices(request.device, None, request.per_gpu, warn)
            demand, room = Demand(_share(request) if devices[0] != "cpu" else 0.0), len(devices)
        else:
            with connected(address):
                check_nodes()
                demand = find_demand(request)
                devices, room = ["cpu"], demand.room()
        room = max(1, min(room, request.workers or room))
        return Slots(devices[:1] * room, partial(cls, address, demand, room, request.workers))

    def submit(self, run: Run, checkpoint: ReadCheckpoint = no_checkpoint) -> None:
        """See `Executor`."""
        self.waiting.append((run, checkpoint))

    def cancel(self, run_id: str) -> None:
        """See `Executor`. The worker process of a run that is training is killed."""
        self.waiting = deque(item for item in self.waiting if item[0].id != run_id)
        for stream in [stream for stream, task in self.tasks.items() if task.run.id == run_id]:
            self._kill(stream)

    def events(self) -> Iterator[tuple[str, Event]]:
        """See `Executor`."""
        with CLOCK.watched():
            while self.waiting or self.tasks:
                self._fill()
                for stream in self._wait():
                    if stream in self.tasks:  # the caller can cancel runs while it handles an event
                        yield from self._receive(stream)
                yield from self._stop_late_runs()

    def _fill(self) -> None:
        """Submit as many runs as there is room for, but at least one, so that a cluster with autoscaling adds nodes."""
        room = self.demand.room()
        self.room = max(1, min(room, self.workers or room))
        while self.waiting and len(self.tasks) < self.room and time.monotonic() >= self.resting_until:
            run, checkpoint = self.waiting.popleft()
            taken = {task.slot for task in self.tasks.values()}
            slot = next(slot for slot in range(len(taken) + 1) if slot not in taken)
            self.tasks[self._start(run, checkpoint())] = Task(run, slot)

    def _start(self, run: Run, checkpoint: bytes | None) -> ObjectRefGenerator[Any]:
        import ray

        task = ray.remote(train_on_node).options(
            **self.demand.options,
            max_retries=0,
            name=f"ablate {run.id}",
            num_returns="streaming",
            _generator_backpressure_num_objects=AHEAD,
        )
        stream: ObjectRefGenerator[Any] = task.remote(run, checkpoint, self.wanted, self.code)
        return stream

    def _wait(self) -> list[ObjectRefGenerator[Any]]:
        """The tasks that have an event, or have ended; after a while there may be none."""
        import ray

        if not self.tasks:
            time.sleep(TICK)
            return []
        ready, _ = ray.wait(list(self.tasks), num_returns=len(self.tasks), timeout=0.0)
        if not ready:
            ready, _ = ray.wait(list(self.tasks), timeout=TICK)
        return list(ready)

    def _receive(self, stream: ObjectRefGenerator[Any]) -> Iterator[tuple[str, Event]]:
        task = self.tasks[stream]
        event = _next_event(stream)
        if isinstance(event, AblateError):
            raise event
        if isinstance(event, Started):
            task.began, event = CLOCK.seconds(), Started(task.slot, event.device)
        if isinstance(event, NoRoom):
            self.resting_until = time.monotonic() + SECONDS_TO_REST
        if isinstance(event, Ended | Lost | Failed):
            del self.tasks[stream]
            self._fill()  # now, since a node must not wait until the caller has handled the event
        yield task.run.id, event

    def _stop_late_runs(self) -> Iterator[tuple[str, Event]]:
        for stream, task in list(self.tasks.items()):
            if self.timeout and task.began is not None and CLOCK.seconds() - task.began > self.timeout:
                self._kill(stream)
                yield task.run.id, make_timeout(self.timeout)

    def _kill(self, stream: ObjectRefGenerator[Any]) -> None:
        import ray

        del self.tasks[stream]
        ray.cancel(stream, force=True)

    def __enter__(self) -> RayExecutor:
        self.connection.enter_context(connected(self.address))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.waiting.clear()
        for stream in list(self.tasks):
            self._kill(stream)
        self.connection.close()


def find_demand(request: Request) -> Demand:
    """What a run takes of the cluster that this process is connected to: a share of a GPU, if there is one.

    Raises:
        AblateError: CUDA is requested, but no node has a GPU.
    """
    has_gpus = any(resources.get("GPU", 0) for resources in resources_of_nodes())
    if request.device == "cuda" and not has_gpus:
        raise AblateError("--device cuda: no node of the cluster has a GPU; allowed: auto, cpu")
    return Demand(_share(request) if has_gpus and request.device != "cpu" else 0.0)


def _share(request: Request) -> float:
    return 1 / (request.per_gpu or 1)


def _next_event(stream: ObjectRefGenerator[Any]) -> Event | AblateError:
    """The next event of a task; `Lost` if the task is gone, an error if no task can run on its node."""
    import ray
    from ray.exceptions import RayError, RayTaskError

    try:
        event: Event | AblateError = ray.get(next(stream))
    except StopIteration:
        return Lost("its task ended before the run did")
    except RayTaskError as error:
        return AblateError(f"a node of the cluster cannot run this package: {first_line(error)}")
    except RayError as error:
        return Lost(REASONS.get(type(error).__name__, first_line(error)))
    return event


def train_on_node(
    run: Run, checkpoint: bytes | None, wanted: Mapping[str, str], code: Code
) -> Iterator[Event | AblateError]:
    """Train a run, on a node of the cluster.

    Args:
        run: what to train.
        checkpoint: from which it resumes, if there is one.
        wanted: what the driver runs, see `describe_node`.
        code: the origin of the driver's code, which was sent to this node.

    Yields:
        The events of the run. If this node cannot train it, which is not the run's fault, an AblateError instead.
    """
    import ray

    name = platform.node()
    device = "cuda:0" if ray.get_gpu_ids() else "cpu"
    try:
        _prepare(run, name, device, wanted)
    except AblateError as error:
        yield error
        return
    from ablate.training.environment import Origin

    yield Started(0, f"{name}: {device}")
    yield from perform(run, checkpoint, device, Origin(code, name))


def _prepare(run: Run, name: str, device: str, wanted: Mapping[str, str]) -> None:
    """Check the software, the device and the pictures of this node. What is kept of pictures is in a folder of its own.

    Raises:
        AblateError: one of them is missing, or not as the driver has it.
    """
    check_node(name, describe_node(), wanted)
    if device != "cpu" and (fault := find_fault(device)):
        raise AblateError(f"node {name} cannot use {device}: {fault}")
    folder = Path(tempfile.gettempdir()) / f"ablate-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    os.chdir(folder)
    if run.data.source == "images":
        from ablate.data.kept import listed

        try:
            listed(run.data)
        except AblateError as error:
            raise AblateError(f"node {name}: {error}") from None
