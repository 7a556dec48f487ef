"""Ray clusters of several nodes on the loopback interface of this machine, and what is left of them."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from ablate.executors.cluster import LOCAL, set_environment

if TYPE_CHECKING:
    from ray.cluster_utils import Cluster

SIZE = 100 * 2**20
"""Bytes of each node's object store."""


@contextmanager
def cluster_of_three() -> Iterator[Cluster]:
    """Three nodes, each with a core."""
    set_environment(LOCAL)
    from ray.cluster_utils import Cluster

    with (
        TemporaryDirectory(prefix="ray-test-", ignore_cleanup_errors=True) as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.setenv("RAY_TMPDIR", folder)
        options: dict[str, Any] = {"num_cpus": 1, "object_store_memory": SIZE, "include_dashboard": False}
        cluster = Cluster(initialize_head=True, head_node_args=options)
        try:
            for _ in range(2):
                cluster.add_node(**options)
            cluster.wait_for_nodes()
            yield cluster
        finally:
            cluster.shutdown()


def processes(word: str) -> list[int]:
    """The processes whose command line has a word, but for this one. Other tests that run now may have started them."""
    return [process for process in map(int, filter(str.isdecimal, os.listdir("/proc"))) if _has(process, word)]


def own_processes(word: str) -> list[int]:
    """Those of `processes` that this process has started, or one of them has, and so on."""
    return [process for process in _descendants(os.getpid()) if _has(process, word)]


def _has(process: int, word: str) -> bool:
    try:
        return word.encode() in Path(f"/proc/{process}/cmdline").read_bytes() and process != os.getpid()
    except OSError:  # it has just ended
        return False


def _descendants(process: int) -> Iterator[int]:
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        with suppress(OSError):  # the thread has just ended
            for child in map(int, path.read_text().split()):
                yield child
                yield from _descendants(child)


def wait_until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds:g} s"
        time.sleep(0.1)
