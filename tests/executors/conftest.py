"""What tests of executors share."""

from collections.abc import Iterator

import pytest

from ablate.executors.local import LocalExecutor


@pytest.fixture(scope="module")
def warm() -> Iterator[LocalExecutor]:
    """Two slots whose workers are shared by the tests that do not harm them."""
    with LocalExecutor(["cpu", "cpu"]) as executor:
        yield executor
