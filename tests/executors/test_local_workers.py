"""Real worker processes: they may be killed, suspended, or outlive their driver."""

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from ablate.executors.local import LocalExecutor, Worker
from ablate.training.clock import LATE
from ablate.training.events import Ended, EpochEnded, Event, Failed, Lost
from tests.helpers.committed import ROOT
from tests.helpers.executions import RUNS, collect_events
from tests.helpers.tiny import tiny_run


def test_a_killed_worker_takes_only_its_own_run_with_it() -> None:
    victim, others = tiny_run(training__epochs=500), RUNS[:2]

    with LocalExecutor(["cpu", "cpu"]) as executor:

        def kill(run_id: str, event: Event) -> None:
            if run_id == victim.id and isinstance(event, EpochEnded) and len(event.rows) == 1:
                worker = next(worker for worker in executor.workers.values() if worker.run_id == victim.id)
                os.kill(worker.process.pid or 0, signal.SIGKILL)

        for run in [victim, *others]:
            executor.submit(run)
        events = collect_events(executor, kill)
    assert isinstance(events[victim.id][-1], Lost)
    assert "SIGKILL" in events[victim.id][-1].reason
    assert all(isinstance(events[run.id][-1], Ended) for run in others)


def test_a_run_over_its_time_is_stopped_and_stops_no_other(
    warm: LocalExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for run in RUNS[:2]:
        warm.submit(run)
    collect_events(warm)  # both workers have loaded torch now, so that a short run is done in time
    monkeypatch.setattr(warm, "timeout", 5.0)
    endless = tiny_run(training__epochs=1_000_000)
    for run in [endless, *RUNS]:
        warm.submit(run)
    events = collect_events(warm)
    last = events[endless.id][-1]
    assert isinstance(last, Failed)
    assert (last.status, "5 s" in last.reason) == ("timed out", True)
    assert all(isinstance(events[run.id][-1], Ended) for run in RUNS)


@pytest.mark.slow
def test_a_slow_listener_gives_no_run_more_time() -> None:
    with LocalExecutor(["cpu"]) as executor:
        executor.submit(RUNS[0])
        collect_events(executor)  # the worker has loaded torch now
        executor.timeout = 2 * LATE
        endless = tiny_run(training__epochs=1_000_000)
        executor.submit(endless)
        events = collect_events(executor, lambda run_id, event: time.sleep(LATE + 1))
    assert len(events[endless.id]) <= 4, "started, two epochs at most, and the end"
    assert events[endless.id][-1].status == "timed out"


def test_a_worker_killed_while_idle_fails_no_run() -> None:
    with LocalExecutor(["cpu"]) as executor:
        executor.submit(RUNS[0])
        collect_events(executor)
        executor.workers[0].process.kill()
        executor.workers[0].process.wait()
        executor.submit(RUNS[1])
        assert isinstance(collect_events(executor)[RUNS[1].id][-1], Ended)


def test_no_worker_holds_the_lifeline_of_another() -> None:
    workers = [Worker("cpu") for _ in range(3)]
    lifelines = [os.readlink(f"/proc/self/fd/{worker.lifeline}") for worker in workers]  # both ends have one name
    held = [open_files(worker.process.pid) for worker in workers]
    for worker in workers:
        worker.end()
    for lifeline, files in zip(lifelines, held, strict=True):
        assert [name for name in files if name in lifelines] == [lifeline], "its own, once: not the end to write to"


def open_files(pid: int) -> list[str]:
    """The names of what a process has open; a descriptor that is closed meanwhile does not count."""
    names = []
    for link in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            names.append(os.readlink(link))
    return names


DRIVER = """
import sys
sys.path.insert(0, {root!r})
from tests.helpers.tiny import tiny_run
from ablate.executors.local import LocalExecutor

with LocalExecutor(["cpu"]) as executor:
    executor.submit(tiny_run(training__epochs={epochs}))
    for run_id, event in executor.events():
        print(executor.workers[0].process.pid, type(event).__name__, flush=True)
"""


def test_workers_end_when_their_driver_is_killed(tmp_path: Path) -> None:
    program = tmp_path / "driver.py"
    program.write_text(DRIVER.format(root=str(ROOT), epochs=100_000))
    with subprocess.Popen([sys.executable, str(program)], stdout=subprocess.PIPE, text=True) as driver:
        assert driver.stdout is not None
        lines = [driver.stdout.readline() for _ in range(3)]  # started, and two epochs: it is training
        driver.kill()
        assert ends(int(lines[-1].split()[0]))


def test_a_script_without_a_main_guard_trains_and_no_file_beside_it_is_imported(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("signal", "pickle", "socket", "queue", "torch"):
        (tmp_path / "folder" / f"{name}.py").write_text("raise SystemExit('a file of the current folder was executed')")
    program = tmp_path / "driver.py"
    program.write_text(DRIVER.format(root=str(ROOT), epochs=2))
    done = subprocess.run(
        [sys.executable, str(program)], cwd=tmp_path / "folder", capture_output=True, text=True, timeout=120
    )
    assert [line.split()[1] for line in done.stdout.splitlines()] == ["Started", "EpochEnded", "EpochEnded", "Ended"]
    assert done.stderr == ""


PATIENT = """
import sys
sys.path.insert(0, {root!r})
from tests.helpers.tiny import tiny_run
from ablate.executors import executor_class

with executor_class({executor!r})(["cpu"]) as executor:
    executor.submit(tiny_run())
    list(executor.events())  # the worker has loaded torch now
    executor.timeout = {timeout}
    executor.submit(tiny_run(training__epochs=10))
    for _, event in executor.events():
        print(type(event).__name__, flush=True)
print(max(row["time/seconds"] for row in event.rows))
"""


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["local", "inprocess"])  # the tasks of a cluster are not suspended
def test_a_suspension_is_not_training_time(executor: str, tmp_path: Path) -> None:
    program, timeout = tmp_path / "driver.py", 8.0
    program.write_text(PATIENT.format(root=str(ROOT), timeout=timeout, executor=executor))
    command = [sys.executable, str(program)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as driver:
        assert driver.stdout is not None
        assert [driver.stdout.readline() for _ in range(2)] == ["Started\n", "EpochEnded\n"]
        os.killpg(driver.pid, signal.SIGSTOP)  # as Ctrl-Z does: driver and worker alike
        time.sleep(timeout + 1)
        os.killpg(driver.pid, signal.SIGCONT)
        *_, last, longest = driver.stdout.read().split()
    assert last == "Ended"
    assert float(longest) < timeout


COPY = """
import sys
sys.path[:0] = [{copy!r}]
sys.path.append({root!r})
from tests.helpers.tiny import tiny_run
from ablate.executors.local import LocalExecutor

with LocalExecutor(["cpu"]) as executor:
    executor.submit(tiny_run())
    print(*(getattr(event, "reason", "") for _, event in executor.events()))
"""


def test_a_worker_runs_the_package_of_its_driver_not_the_installed_one(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "ablate", tmp_path / "ablate", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "ablate" / "training" / "loop.py").write_text("raise RuntimeError('this is the copy')\n")
    program = tmp_path / "driver.py"
    program.write_text(COPY.format(copy=str(tmp_path), root=str(ROOT)))
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=120)
    assert "this is the copy" in done.stdout, done.stderr


def ends(pid: int) -> bool:
    """Whether a process is gone, or a zombie, within half a minute."""
    for _ in range(300):
        status = Path(f"/proc/{pid}/stat")
        if not status.exists() or status.read_text().rsplit(")", 1)[1].split()[0] == "Z":
            return True
        time.sleep(0.1)
    return False


def test_a_time_limit_of_years_is_waited_for_in_parts(monkeypatch: pytest.MonkeyPatch, warm: LocalExecutor) -> None:
    monkeypatch.setattr(warm, "timeout", 999_999 * 3600.0)
    warm.submit(RUNS[0])
    assert isinstance(collect_events(warm)[RUNS[0].id][-1], Ended)
