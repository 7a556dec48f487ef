"""What tests of training share: two tiny trainings, on one thread."""

from collections.abc import Iterator

import pytest
import torch

from tests.helpers.trained import LINEAR, UNSTEADY, Events, trained


@pytest.fixture(autouse=True, scope="module")
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def unsteady() -> Events:
    return trained(UNSTEADY)


@pytest.fixture(scope="module")
def linear() -> Events:
    return trained(LINEAR)
