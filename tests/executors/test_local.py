"""Slots that share a GPU, with workers that only pretend to train: there is no GPU here. And workers that cannot."""

from multiprocessing.connection import Pipe
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest

from ablate.errors import AblateError
from ablate.executors import local
from ablate.executors.local import LocalExecutor
from ablate.settings import Run
from ablate.training.events import Ended, EpochEnded, Event, Lost, NoRoom, Started
from tests.helpers.tiny import tiny_run

RUNS = [tiny_run(seed) for seed in range(2)]


class CrowdedWorker:
    """A worker of whose runs only one fits on a device at a time. Its run ends when the test says so."""

    running: ClassVar[dict[str, Any]] = {}
    starts: ClassVar[list[tuple[str, str]]] = []

    def __init__(self, device: str) -> None:
        self.connection, self.theirs = Pipe()
        self.device, self.run_id = device, ""
        self.process = SimpleNamespace(poll=lambda: None)

    def start(self, run: Run, checkpoint: bytes | None) -> None:
        self.run_id = run.id
        fits = self.device not in self.running
        self.starts.append((run.id, "trains" if fits else "no room"))
        if fits:
            self.running[self.device] = self
        self.theirs.send(EpochEnded([], b"") if fits else NoRoom("no room"))

    def finish(self) -> None:
        del self.running[self.device]
        self.theirs.send(Ended("finished", {}, b"", b"", {}, []))

    def age(self) -> float:
        return 0.0

    def receive(self) -> Event:
        event: Event = self.connection.recv()
        if isinstance(event, Ended | Lost):
            self.run_id = ""
        return event

    def end(self) -> None:
        self.connection.close()
        self.theirs.close()


def test_a_run_that_finds_no_room_waits_until_another_on_its_gpu_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "Worker", CrowdedWorker)
    monkeypatch.setattr(local, "SECONDS_TO_REST", 3600.0)
    monkeypatch.setattr(CrowdedWorker, "starts", [])
    first, second = RUNS
    seen = []
    with LocalExecutor(["cuda:0", "cuda:0"]) as executor:
        for run in (first, second):
            executor.submit(run)
        for run_id, event in executor.events():
            seen.append((run_id, type(event)))
            if isinstance(event, NoRoom):
                executor.submit(second)
                CrowdedWorker.running["cuda:0"].finish()
            elif isinstance(event, EpochEnded) and run_id == second.id:
                CrowdedWorker.running["cuda:0"].finish()
    assert CrowdedWorker.starts == [(first.id, "trains"), (second.id, "no room"), (second.id, "trains")]
    assert seen.index((first.id, Ended)) < seen.index((second.id, EpochEnded)) < seen.index((second.id, Ended))


def test_a_run_that_finds_no_room_on_a_gpu_of_its_own_is_tried_again_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "Worker", CrowdedWorker)
    monkeypatch.setattr(local, "SECONDS_TO_REST", 0.05)
    monkeypatch.setattr(CrowdedWorker, "running", {"cuda:1": None})  # somebody else's
    monkeypatch.setattr(CrowdedWorker, "starts", [])
    with LocalExecutor(["cuda:1"]) as executor:
        executor.submit(RUNS[0])
        for _, event in executor.events():
            if isinstance(event, NoRoom):
                executor.submit(RUNS[0])
                if len(CrowdedWorker.starts) == 3:
                    CrowdedWorker.running.clear()
            elif isinstance(event, EpochEnded):
                CrowdedWorker.running["cuda:1"].finish()
    assert [what for _, what in CrowdedWorker.starts] == ["no room"] * 3 + ["trains"]


@pytest.mark.parametrize(
    ("device", "program", "message"),
    [
        ("cuda:99", local.PROGRAM, "a worker cannot use cuda:99: "),
        ("cpu", "raise SystemExit(3)", "a worker ended with exit code 3"),
    ],
)
def test_a_machine_on_which_no_worker_can_train_fails_no_run(
    device: str, program: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local, "PROGRAM", program)
    with LocalExecutor([device]) as executor:
        executor.submit(RUNS[0])
        events = executor.events()
        assert isinstance(next(events)[1], Started)
        with pytest.raises(AblateError, match=message):
            next(events)
