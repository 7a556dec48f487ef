"""What tests of executors share."""

from collections.abc import Iterator

import pytest

from ablate.executors import Executor, Request
from ablate.executors.local import LocalExecutor
from ablate.executors.ray import RayExecutor


@pytest.fixture(scope="module")
def warm() -> Iterator[LocalExecutor]:
    """Two slots whose workers are shared by the tests that do not harm them."""
    with LocalExecutor(["cpu", "cpu"]) as executor:
        yield executor


@pytest.fixture(scope="module")
def cluster_of_one() -> Iterator[Executor]:
    """A Ray cluster of this machine alone, shared by the tests that do not harm it."""
    with RayExecutor.find_slots(Request("cpu", workers=2)).start(None) as executor:
        yield executor
