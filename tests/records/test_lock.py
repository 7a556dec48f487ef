"""One writer at a time, and the file in which it says what it is training."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from ablate.records.lock import RunningFile, Trainer, load_running, only_writer
from ablate.training.events import Ended, EpochEnded, Failed, Lost, Started
from tests.helpers.tiny import tiny_run

RUN = tiny_run()
SLOT = Trainer(pid=os.getpid(), slot=1, device="cuda:0")


def never() -> None:
    raise AssertionError("no other writer has the lock")


def test_a_second_sweep_waits_for_the_first(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        with only_writer(tmp_path, on_wait=waiting.set):
            order.append("second")

    with only_writer(tmp_path, never):
        thread = threading.Thread(target=second)
        thread.start()
        assert waiting.wait(timeout=30)
        order.append("first")
    thread.join(timeout=30)
    assert order == ["first", "second"]


HOLDER = """
import sys, time
from pathlib import Path
from ablate.records.lock import only_writer
with only_writer(Path(sys.argv[1]), print):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_lock_whose_owner_was_killed_is_free(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        (tmp_path / "running.json").write_text('{"abc": {"pid": 1, "slot": 0, "device": "cpu"}}')
        assert set(load_running(tmp_path)) == {"abc"}
        holder.kill()
    assert load_running(tmp_path) == {}, "nothing runs where nobody holds the lock"
    with only_writer(tmp_path, never):
        assert load_running(tmp_path) == {}, "the next writer does not train what the killed one did"


@pytest.mark.parametrize("end", [Ended("finished", {}, b"", b"", {}, []), Failed("out of memory"), Lost("killed")])
def test_a_run_is_running_from_its_start_to_its_end(tmp_path: Path, end: Ended | Failed | Lost) -> None:
    listener = RunningFile(tmp_path)
    with only_writer(tmp_path, never):
        assert load_running(tmp_path) == {}
        listener(RUN, Started(1, "cuda:0"))
        listener(RUN, EpochEnded([], b""))
        assert load_running(tmp_path) == {RUN.id: SLOT}
        listener(RUN, end)
        assert load_running(tmp_path) == {}


@pytest.mark.parametrize(
    "content", ["", "[]", '{"abc": {"pid": 1, "slot": 0}}', '{"abc": {"pid": "1", "slot": 0, "device": "cpu"}}']
)
def test_an_invalid_file_says_that_nothing_runs(content: str, tmp_path: Path) -> None:
    with only_writer(tmp_path, never):
        (tmp_path / "running.json").write_text(content)
        assert load_running(tmp_path) == {}


def test_looking_creates_no_folder(tmp_path: Path) -> None:
    assert load_running(tmp_path / "new") == {}
    assert not (tmp_path / "new").exists()
