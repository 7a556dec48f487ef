"""Reaching a cluster, and what is refused before anything is trained."""

import socket
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from ablate.errors import AblateError
from ablate.executors import Request
from ablate.executors.cluster import Demand, check_node, connected, describe_node, find_address, runtime_for_nodes
from ablate.executors.ray import RayExecutor
from tests.helpers.clusters import processes


@pytest.mark.parametrize(
    ("given", "set_to", "found"),
    [
        (None, None, "local"),
        (None, "10.0.0.1:6379", "10.0.0.1:6379"),
        ("auto", "10.0.0.1:6379", "auto"),
        ("local", "10.0.0.1:6379", "local"),
    ],
)
def test_the_address_is_the_one_given_or_else_that_of_the_environment(
    given: str | None, set_to: str | None, found: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_ADDRESS", raising=False)
    if set_to:
        monkeypatch.setenv("RAY_ADDRESS", set_to)
    assert find_address(given) == found


def test_ray_client_is_refused_with_the_reason_and_the_way_that_works() -> None:
    with pytest.raises(AblateError, match=r"^ray://head:10001: .* does not stream .* `ray job submit`"):
        RayExecutor.find_slots(Request(address="ray://head:10001"))


@pytest.mark.parametrize("port", ["unused", "0", "99999"])
def test_an_address_without_a_cluster_is_one_line(port: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{unused.getsockname()[1] if port == 'unused' else port}"
        with pytest.raises(AblateError, match=rf"^--address {address}: no Ray cluster answers there: [^\n]*$"):
            RayExecutor.find_slots(Request(address=address))


def test_a_server_that_does_not_answer_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.executors.cluster.MAX_CONNECT", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(AblateError, match=rf"^--address {address}: no Ray cluster answers there: timed out$"):
            RayExecutor.find_slots(Request(address=address))


def test_another_server_is_named_as_such() -> None:
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as dashboard:
        Thread(target=dashboard.handle_request, daemon=True).start()
        address = f"127.0.0.1:{dashboard.server_port}"
        with pytest.raises(
            AblateError, match=rf"^--address {address}: what answers there is not a Ray cluster; .* 6379"
        ):
            RayExecutor.find_slots(Request(address=address))


@pytest.mark.parametrize(
    ("mode", "error", "said"),
    [
        (None, "ConnectionError", "refused; if the cluster was started with a token, set RAY_AUTH_MODE=token"),
        ("token", "ConnectionError", "refused"),
        ("token", "AuthenticationError", "refused"),
    ],
)
def test_a_cluster_that_refuses_a_connection_is_one_line_that_names_tokens_unless_they_are_used(
    mode: str | None, error: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ray import exceptions

    def refuse(*arguments: object, **options: object) -> None:
        raise {"ConnectionError": ConnectionError, "AuthenticationError": exceptions.AuthenticationError}[error](
            "refused\nby a server"
        )

    monkeypatch.delenv("RAY_AUTH_MODE", raising=False)
    if mode:
        monkeypatch.setenv("RAY_AUTH_MODE", mode)
    monkeypatch.setattr("ablate.executors.cluster._try_to_reach", lambda address: None)
    monkeypatch.setattr("ray.init", refuse)
    with pytest.raises(AblateError, match=rf"^--address head:6379: {said}$"), connected("head:6379"):
        pass


def test_without_ray_the_error_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(AblateError, match=r"pip install 'ablate\[ray\]'"), connected("local"):
        pass


@pytest.mark.parametrize("what", ["Python", "torch", "numpy", "recipe"])
def test_a_node_with_another_version_is_named(what: str) -> None:
    here = describe_node()
    check_node("node-3", here, here)
    with pytest.raises(AblateError, match=rf"^node node-3 has {what} 1.2, and this machine {here[what]}; all nodes"):
        check_node("node-3", {**here, what: "1.2"}, here)


def test_builds_of_torch_for_different_gpus_count_as_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ablate.executors.cluster.version", lambda package: "2.14.1+cu126")
    assert describe_node()["torch"] == "2.14.1"


@pytest.mark.parametrize(
    ("per_gpu", "nodes", "room"),
    [
        (None, [{"CPU": 4.0}, {"CPU": 2.0, "GPU": 1.0}, {}], 6),
        (1, [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 16.0}], 2),
        (3, [{"CPU": 16.0, "GPU": 2.0}, {"CPU": 2.0, "GPU": 1.0}], 8),
    ],
    ids=["cores", "gpus", "thirds of gpus, of which one node has too few cores"],
)
def test_room_is_counted_by_node(
    per_gpu: int | None, nodes: list[dict[str, float]], room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.executors.cluster.resources_of_nodes", lambda: nodes)
    assert Demand(1 / per_gpu if per_gpu else 0.0).room() == room


def test_a_cluster_of_this_machine_listens_on_loopback_reports_nothing_and_leaves_nothing() -> None:
    program = """
import signal
from pathlib import Path
from ablate.executors.cluster import connected
before = signal.getsignal(signal.SIGTERM)
with connected("local"):
    import ray
    from ray._common.usage.usage_lib import usage_stats_enabled
    print(ray.nodes()[0]["NodeManagerAddress"], usage_stats_enabled(), signal.getsignal(signal.SIGTERM) == before)
    print(Path(ray.nodes()[0]["ObjectStoreSocketName"]).parents[2])
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    facts, folder = done.stdout.splitlines()
    assert Path(folder).name.startswith("ablate-ray-")
    assert facts == "127.0.0.1 False True"
    assert not Path(folder).exists()
    assert not processes(folder)
    assert done.stderr == ""


def test_workers_get_an_empty_folder_to_work_in_so_that_no_file_of_the_current_one_is_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("RAY_JOB_CONFIG_JSON_ENV_VAR", raising=False)
    folder = Path(runtime_for_nodes(tmp_path)["working_dir"])
    assert folder.is_relative_to(tmp_path)
    assert list(folder.iterdir()) == []


def test_the_folder_that_a_submitted_job_has_sent_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ray refuses to be given two of them."""
    monkeypatch.setenv("RAY_JOB_CONFIG_JSON_ENV_VAR", '{"runtime_env": {"working_dir": "gcs://job.zip"}}')
    assert "working_dir" not in runtime_for_nodes(tmp_path)
