"""What a run's exception says about the run."""

import errno
import os
from collections.abc import Callable

import numpy as np
import pytest
import torch

from ablate.executors.worker import find_fault, make_failure, perform
from ablate.training.events import Event, Failed, Lost, NoRoom
from tests.helpers.tiny import tiny_run


@pytest.mark.parametrize(("used_by_others", "expected"), [(5, NoRoom), (0.5, Failed)])
def test_memory_that_others_use_is_not_the_fault_of_a_run(
    monkeypatch: pytest.MonkeyPatch, used_by_others: float, expected: type[Event]
) -> None:
    gib = 2**30
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: ((3 - used_by_others / 2) * gib, 10 * gib))
    monkeypatch.setattr("torch.cuda.memory_reserved", lambda device: (7 - used_by_others / 2) * gib)
    assert type(make_failure(torch.cuda.OutOfMemoryError("out of memory"), "cuda:0")) is expected


FAR_TOO_MANY = 10**16


def fail(number: int) -> None:
    raise OSError(number, os.strerror(number))


def hide_a_full_disk() -> None:
    try:
        fail(errno.ENOSPC)
    except OSError as error:
        raise ValueError("a file could not be written") from error


@pytest.mark.parametrize(
    ("work", "expected"),
    [
        (lambda: torch.empty(FAR_TOO_MANY), Lost),
        (lambda: np.empty(FAR_TOO_MANY), Lost),
        (lambda: fail(errno.ENOSPC), Lost),
        (lambda: fail(errno.EMFILE), Lost),
        (hide_a_full_disk, Lost),
        (lambda: fail(errno.ENOENT), Failed),
        (lambda: torch.zeros(2) + torch.zeros(3), Failed),
    ],
)
def test_what_a_machine_lacks_is_not_the_fault_of_a_run(
    work: Callable[[], object], expected: type[Event], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ablate.training.loop.train", lambda *_: iter([work()]))
    (event,) = perform(tiny_run(), None, "cpu")
    assert type(event) is expected


NO_SUCH_GPU = "cuda:99"


@pytest.mark.parametrize(("device", "expected"), [("cpu", Failed), (NO_SUCH_GPU, Lost)])
def test_a_gpu_that_cannot_be_used_any_more_is_not_the_fault_of_a_run(device: str, expected: type[Event]) -> None:
    assert type(make_failure(RuntimeError("CUDA error: unspecified launch failure"), device)) is expected


def test_a_device_is_tried_as_it_will_be_used(monkeypatch: pytest.MonkeyPatch) -> None:
    assert find_fault("cpu") == ""
    assert find_fault(NO_SUCH_GPU) != ""

    def fill(*_: object, **__: object) -> None:
        raise torch.cuda.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(torch, "zeros", fill)
    assert find_fault("cuda:0") == "", "others may free it, so a run waits for room"
