"""What a run's exception says about the run."""

import pytest
import torch

from ablate.executors.worker import find_fault, make_failure
from ablate.training.events import Event, Failed, Lost, NoRoom


@pytest.mark.parametrize(("used_by_others", "expected"), [(5, NoRoom), (0.5, Failed)])
def test_memory_that_others_use_is_not_the_fault_of_a_run(
    monkeypatch: pytest.MonkeyPatch, used_by_others: float, expected: type[Event]
) -> None:
    gib = 2**30
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: ((3 - used_by_others / 2) * gib, 10 * gib))
    monkeypatch.setattr("torch.cuda.memory_reserved", lambda device: (7 - used_by_others / 2) * gib)
    assert type(make_failure(torch.cuda.OutOfMemoryError("out of memory"), "cuda:0")) is expected


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
