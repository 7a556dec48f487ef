"""Runs on a Ray cluster of three nodes, some of which are lost, are late, or cannot train."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import ablate
from ablate.errors import AblateError
from ablate.executors import Executor, Request
from ablate.executors.cluster import LOCAL, check_nodes, connected
from ablate.executors.ray import AHEAD, REASONS, RayExecutor, find_demand
from ablate.training.events import Ended, EpochEnded, Event, Failed, Lost, Started
from tests.helpers.clusters import cluster_of_three, own_processes, wait_until
from tests.helpers.executions import RUNS, collect_events, weights_of
from tests.helpers.parts import write_parts_study
from tests.helpers.tiny import tiny_run

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

pytestmark = pytest.mark.slow

LONG = tiny_run(training__epochs=2000)


@pytest.fixture(scope="module")
def cluster() -> Iterator["Cluster"]:
    with cluster_of_three() as cluster:
        yield cluster


@pytest.fixture
def executor(cluster: "Cluster") -> Iterator[Executor]:
    with RayExecutor.find_slots(Request(address=cluster.address)).start(None) as executor:
        yield executor
    wait_until(lambda: not own_processes("ray::ablate"))


def kill(name: str) -> None:
    for process in own_processes(name):
        os.kill(process, signal.SIGKILL)


def test_the_package_is_sent_to_each_cluster_to_which_a_process_connects() -> None:
    for _ in range(2):
        with connected(LOCAL):
            check_nodes()


def test_there_are_as_many_runs_at_a_time_as_nodes_and_all_have_the_bits_of_this_machine(executor: Executor) -> None:
    assert executor.room == 3
    runs = [tiny_run(seed, training__epochs=20) for seed in range(6)]
    together, most = set[str](), 0

    def count(run_id: str, event: Event) -> None:
        nonlocal most
        if isinstance(event, Started):
            together.add(run_id)
        if isinstance(event, Ended):
            together.discard(run_id)
        most = max(most, len(together))

    for run in runs:
        executor.submit(run)
    events = collect_events(executor, count)
    assert most == 3
    assert [events[run.id][-1].weights for run in runs] == [weights_of(run) for run in runs]


def test_room_follows_the_nodes(cluster: "Cluster", executor: Executor) -> None:
    node: Any = None

    def change(run_id: str, event: Event) -> None:
        nonlocal node
        if isinstance(event, Started) and node is None:
            node = cluster.add_node(num_cpus=2, object_store_memory=100 * 2**20)
        elif node is not None and executor.room == 5:
            cluster.remove_node(node)
            executor.cancel(LONG.id)

    executor.submit(LONG)
    collect_events(executor, change)
    executor.submit(RUNS[0])
    collect_events(executor)
    assert executor.room == 3


def test_a_slow_driver_misses_no_epoch_and_no_epoch_runs_ahead(executor: Executor) -> None:
    woken = 0.0

    def sleep_once(run_id: str, event: Event) -> None:
        nonlocal woken
        if isinstance(event, EpochEnded) and not woken:
            time.sleep(5)
            woken = time.time()

    run = tiny_run(training__epochs=30)
    executor.submit(run)
    events = collect_events(executor, sleep_once)[run.id]
    rows = [event.rows[-1] for event in events if isinstance(event, EpochEnded)]
    assert [row["epoch"] for row in rows] == list(range(1, 31))
    # those that wait, the one that is being sent, and the one that was read
    assert sum(row["time"] < woken for row in rows) <= AHEAD + 2


def test_a_cancelled_run_is_really_stopped(executor: Executor) -> None:
    def cancel(run_id: str, event: Event) -> None:
        if isinstance(event, EpochEnded):
            executor.cancel(run_id)
            wait_until(lambda: not own_processes("ray::ablate"))

    executor.submit(LONG)
    assert [type(event) for event in collect_events(executor, cancel)[LONG.id]] == [Started, EpochEnded]


def test_a_run_whose_worker_dies_is_lost_and_resumes_with_the_same_bits(executor: Executor) -> None:
    run = tiny_run(training__epochs=40)
    newest: list[bytes] = []

    def kill_once(run_id: str, event: Event) -> None:
        if isinstance(event, EpochEnded):
            if len(newest) == 3:
                kill("ray::ablate")
            newest.append(event.checkpoint)
        if isinstance(event, Lost):
            executor.submit(run, lambda: newest[-1])

    executor.submit(run)
    events = collect_events(executor, kill_once)[run.id]
    assert [event.reason for event in events if isinstance(event, Lost)] == ["its worker died"]
    assert events[-1].weights == weights_of(run)


def test_a_run_whose_node_dies_is_lost_and_resumes_elsewhere_with_the_same_bits(
    cluster: "Cluster", executor: Executor
) -> None:
    doomed = cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    runs = [tiny_run(seed, training__epochs=100) for seed in range(4)]
    newest: dict[str, bytes] = {}
    epochs = 0

    def remove_once(run_id: str, event: Event) -> None:
        nonlocal epochs
        if isinstance(event, EpochEnded):
            newest[run_id], epochs = event.checkpoint, epochs + 1
            if len(newest) == 4 and doomed in cluster.list_all_nodes():
                cluster.remove_node(doomed, allow_graceful=False)
        if isinstance(event, Lost):
            lost.append(event.reason)
            run = next(run for run in runs if run.id == run_id)
            executor.submit(run, lambda: newest[run_id])

    lost: list[str] = []
    for run in runs:
        executor.submit(run)
    events = collect_events(executor, remove_once)
    assert len(lost) == 1
    assert "died" in lost[0]
    assert [events[run.id][-1].weights for run in runs] == [weights_of(run) for run in runs]


SHORT_OF_MEMORY = {"RAY_memory_usage_threshold": "0.01", "RAY_memory_monitor_refresh_ms": "30000"}
"""With these variables a node finds, every 30 s, that it has no memory left, and kills the run that it trains."""


def test_a_run_that_the_memory_monitor_kills_is_lost_and_resumes_elsewhere_with_the_same_bits(
    cluster: "Cluster", executor: Executor
) -> None:
    import ray

    others = [ray.remote(lambda: time.sleep(3600)).remote() for _ in range(3)]  # they take the three nodes
    wait_until(lambda: not ray.available_resources().get("CPU"))
    short = cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20, env_vars=SHORT_OF_MEMORY)
    run = tiny_run(training__epochs=40)
    newest: list[bytes] = []
    reasons: list[str] = []

    def wait_for_the_monitor(run_id: str, event: Event) -> None:
        if isinstance(event, EpochEnded):
            newest.append(event.checkpoint)
            if len(newest) == 3:  # the run waits for this process, which waits for its end
                wait_until(lambda: not own_processes("ray::ablate"))
        if isinstance(event, Lost):
            reasons.append(event.reason)
            if len(newest) >= 3:  # else it was killed too early, and is given to the same node again
                cluster.remove_node(short)
                for other in others:
                    ray.cancel(other, force=True)
            executor.submit(run, lambda: newest[-1] if newest else None)

    executor.submit(run)
    events = collect_events(executor, wait_for_the_monitor)[run.id]
    assert set(reasons) == {"its node had no memory left"}
    assert len(newest) == 40, "no epoch is trained twice"
    assert events[-1].weights == weights_of(run)


def test_a_node_that_dies_while_it_is_checked_stops_nothing(cluster: "Cluster") -> None:
    doomed = cluster.add_node(num_cpus=1, object_store_memory=100 * 2**20)
    doomed.kill_raylet()  # the head notices after some seconds
    assert len(RayExecutor.find_slots(Request(address=cluster.address)).devices) == 3
    cluster.remove_node(doomed)


def test_a_run_over_its_time_limit_is_stopped(cluster: "Cluster") -> None:
    with RayExecutor.find_slots(Request(address=cluster.address)).start(2.0) as executor:
        executor.submit(LONG)
        *_, last = collect_events(executor)[LONG.id]
    assert isinstance(last, Failed)
    assert last.status == "timed out"
    wait_until(lambda: not own_processes("ray::ablate"))


def test_the_name_of_the_node_and_the_code_of_the_driver_are_recorded(executor: Executor) -> None:
    from ablate.training.environment import CODE

    executor.submit(RUNS[0])
    *_, end = collect_events(executor)[RUNS[0].id]
    assert end.environment["node"] == os.uname().nodename
    assert (end.environment["commit"], end.environment["ablate"]) == (CODE.commit, CODE.version)


def test_a_node_executes_the_part_that_was_planned_not_what_its_file_has_become(
    executor: Executor, tmp_path: Path
) -> None:
    run = ablate.load_study(write_parts_study(tmp_path)).arms[1].run(0)
    for path in tmp_path.glob("*.py"):
        path.write_text("raise SystemExit")
    executor.submit(run)
    assert collect_events(executor)[run.id][-1].weights == weights_of(run)


def test_pictures_that_a_node_has_otherwise_end_the_sweep_with_one_line(executor: Executor, tmp_path: Path) -> None:
    run = tiny_run(data__source="images", data__path=str(tmp_path), data__content="0" * 16, data__noise=["gaussian"])
    executor.submit(run)
    with pytest.raises(AblateError, match=rf"^node {os.uname().nodename}: {tmp_path}: [^\n]*$"):
        collect_events(executor)


@pytest.mark.parametrize("name", REASONS)
def test_the_reasons_for_which_a_run_is_lost_are_exceptions_of_ray(name: str) -> None:
    from ray import exceptions

    assert issubclass(getattr(exceptions, name), exceptions.RayError)


def test_a_device_that_no_node_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.executors.ray.resources_of_nodes", lambda: [{"CPU": 4.0}, {}])
    with pytest.raises(AblateError, match=r"^--device cuda: no node of the cluster has a GPU; allowed: auto, cpu$"):
        find_demand(Request("cuda"))
    assert find_demand(Request("auto")).gpus == 0
