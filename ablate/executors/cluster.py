"""A Ray cluster: how to reach it, how many runs it has room for, and whether its nodes run what this machine runs.

Without an address, a cluster of this machine alone is started, on the loopback interface, and stopped at the end.
"""

from __future__ import annotations

import json
import logging
import os
import platform
import signal
import socket
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ablate.cores import count_cores
from ablate.errors import AblateError
from ablate.executors.processes import NO_LOCAL_MODULES, ONE_THREAD, PACKAGES
from ablate.settings import RECIPE

LOCAL = "local"
"""The address of a cluster of this machine alone, also if RAY_ADDRESS is set."""

QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
"""Ray reports nothing about its use to its makers, and does not announce what a later version will change."""

LOOPBACK = {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0"}
"""A cluster that Ray starts then listens on the loopback interface only, as by default on macOS."""

PACKAGE = Path(PACKAGES) / "ablate"

RUNTIME = {"py_modules": [str(PACKAGE)], "env_vars": NO_LOCAL_MODULES | ONE_THREAD}
"""What processes on the nodes get: this copy of the package, whether or not another one is installed there."""

STORE = 256 * 2**20
"""Bytes of memory for events on their way to the driver, in a cluster of this machine alone."""

SETTINGS = b"\x04"
HELLO = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\0\0" + SETTINGS + b"\0\0\0\0\0"
"""What a client of HTTP/2, and so of Ray, says first: a frame of settings, which the server answers with its own."""

MAX_CONNECT = 5.0
"""Seconds until an address that does not answer counts as unreachable."""

MAX_CHECK = 120.0
"""Seconds in which each node must say what it runs. A new Python process starts on each."""

COMPARED = ("torch", "timm", "numpy", "pytorch-msssim")
"""The packages of which all nodes need the same version, since they compute the numbers."""


@dataclass(frozen=True)
class Demand:
    """What a run takes of a node: a core, and a share of a GPU (0 to train on the CPU)."""

    gpus: float = 0.0

    @property
    def options(self) -> dict[str, float]:
        """The options of a Ray task."""
        return {"num_cpus": 1, "num_gpus": self.gpus}

    def room(self) -> int:
        """How many such runs the nodes of the cluster have room for in all, whether or not it is used now."""
        return sum(map(self._room_on, resources_of_nodes()))

    def _room_on(self, resources: Mapping[str, float]) -> int:
        cores = int(resources.get("CPU", 0))
        return min(cores, int(resources.get("GPU", 0)) * round(1 / self.gpus)) if self.gpus else cores


def resources_of_nodes() -> list[Mapping[str, float]]:
    """What each node of the cluster that is alive has: its cores (`CPU`) and its GPUs."""
    return [node["Resources"] for node in _nodes()]


def _nodes() -> list[dict[str, Any]]:
    """The nodes of the cluster that are alive."""
    import ray

    return [node for node in ray.nodes() if node["Alive"]]


def find_address(address: str | None) -> str:
    """The address that is meant: the one given, or that in RAY_ADDRESS, or `local`.

    Raises:
        AblateError: it is one of Ray Client, which cannot stream what a task yields.
    """
    found = address or os.environ.get("RAY_ADDRESS") or LOCAL
    if found.startswith("ray://"):
        raise AblateError(
            f"{found}: Ray Client does not stream the events of a run; start the sweep inside the cluster, on its head "
            "node or by `ray job submit`, with --address auto"
        )
    return found


@contextmanager
def connected(address: str) -> Iterator[None]:
    """A context with a connection to a cluster.

    Raises:
        AblateError: Ray is not installed, the cluster cannot be reached, or this process is connected to one already.
    """
    set_environment(address)
    try:
        import ray
    except ImportError:
        raise AblateError("--executor ray needs Ray, which is not installed: pip install 'ablate[ray]'") from None
    from ray.exceptions import AuthenticationError

    logging.getLogger("ray").setLevel(logging.ERROR)
    if ray.is_initialized():
        raise AblateError(
            "this process is connected to Ray already; call ray.shutdown() first, since only a new connection sends "
            "the code of ablate to the nodes"
        )
    with ExitStack() as stack:
        options: dict[str, Any] = {}
        folder = stack.enter_context(TemporaryDirectory(prefix="ablate-ray-", ignore_cleanup_errors=True))
        if address == LOCAL:
            options = {"num_cpus": count_cores(), "object_store_memory": STORE, "_temp_dir": folder}
            options["include_dashboard"] = False
        else:
            _try_to_reach(address)
        with _signals_kept():
            try:
                runtime = runtime_for_nodes(Path(folder))
                ray.init(address, runtime_env=runtime, configure_logging=False, log_to_driver=False, **options)
            except (OSError, RuntimeError, ValueError, AuthenticationError) as error:
                raise AblateError(f"--address {address}: {first_line(error)}{_about_tokens(address)}") from None
        stack.callback(ray.shutdown)
        yield


def _about_tokens(address: str) -> str:
    """What to set if a token was missing: Ray sends one to a given address only if it is set to."""
    if address == LOCAL or "RAY_AUTH_MODE" in os.environ:
        return ""
    return "; if the cluster was started with a token, set RAY_AUTH_MODE=token"


def set_environment(address: str) -> None:
    """Tell Ray, which reads the environment when it is imported, to be quiet and to keep to itself."""
    for name, value in (QUIET | (LOOPBACK if address == LOCAL else {})).items():
        os.environ.setdefault(name, value)


def _try_to_reach(address: str) -> None:
    """Raise an AblateError if no Ray cluster answers at `host:port`. Ray itself tries for minutes."""
    host, _, port = address.rpartition(":")
    if not port.isdigit():  # `auto`: the cluster that runs on this machine
        return
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=MAX_CONNECT) as head:
            if os.environ.get("RAY_USE_TLS", "0") != "0":
                return
            head.sendall(HELLO)
            answer = head.recv(9)
    except (OSError, OverflowError) as error:
        raise AblateError(f"--address {address}: no Ray cluster answers there: {first_line(error)}") from None
    if answer[3:4] != SETTINGS:
        raise AblateError(
            f"--address {address}: what answers there is not a Ray cluster; its port is usually 6379, and 8265 that of "
            "its dashboard"
        )


@contextmanager
def _signals_kept() -> Iterator[None]:
    """A context after which SIGTERM is handled as before: Ray replaces its handler."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def runtime_for_nodes(folder: Path) -> dict[str, Any]:
    """What Ray sends to the nodes. `folder` is a temporary one.

    Without a working directory, Ray's workers would import modules from the current folder first, and from that of the
    program. So they get an empty one, unless `ray job submit` has sent one of its own.
    """
    runtime = deepcopy(RUNTIME)  # Ray replaces the path of the package by where it has sent it
    submitted = json.loads(os.environ.get("RAY_JOB_CONFIG_JSON_ENV_VAR", "{}"))
    if "working_dir" not in submitted.get("runtime_env", {}):
        empty = folder / "empty"
        empty.mkdir()
        runtime["working_dir"] = str(empty)
    return runtime


def describe_node() -> Mapping[str, str]:
    """What must be the same on all machines of a sweep: its name is not part of it."""
    return {"Python": platform.python_version(), "recipe": str(RECIPE), **{name: _version(name) for name in COMPARED}}


def _version(package: str) -> str:
    """The installed version, without its build: torch has one for each kind of GPU, and one for none."""
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "not installed"


def check_node(name: str, found: Mapping[str, str], wanted: Mapping[str, str]) -> None:
    """Raise an AblateError unless a node runs what the driver runs."""
    for what, own in wanted.items():
        if found.get(what) != own:
            raise AblateError(
                f"node {name} has {what} {found.get(what)}, and this machine {own}; all nodes need the same"
            )


def check_nodes() -> None:
    """Raise an AblateError unless all nodes of the cluster run what this machine runs.

    A node that does not answer gets a second request if it is still there: it may have been about to leave.
    """
    silent = _ask(_nodes())
    for name, fault in _ask([node for node in _nodes() if node["NodeID"] in silent]).values():
        raise AblateError(f"node {name} cannot run this package: {fault}")


def _ask(nodes: Sequence[Mapping[str, Any]]) -> dict[str, tuple[str, str]]:
    """Check nodes; returns the name, and the reason, of each one that does not answer, by its id."""
    import ray
    from ray.exceptions import GetTimeoutError, RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    describe, silent = ray.remote(num_cpus=0, max_retries=0)(describe_node), {}
    there = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
    answers = [describe.options(scheduling_strategy=strategy).remote() for strategy in there]
    for node, answer in zip(nodes, answers, strict=True):
        name = node["NodeManagerHostname"]
        try:
            check_node(name, ray.get(answer, timeout=MAX_CHECK), describe_node())
        except GetTimeoutError:
            silent[node["NodeID"]] = name, f"no answer within {MAX_CHECK:g} s"
        except RayError as error:
            silent[node["NodeID"]] = name, first_line(error)
    return silent


def first_line(error: Exception) -> str:
    """The last line of a traceback, or else the first line of the message of an error."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
    return lines[-1] if lines[0].startswith("\x1b") or "Traceback" in str(error) else lines[0]
