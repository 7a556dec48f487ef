"""What a run's exception says about the run."""

import pytest
import torch

from ablate.executors.worker import make_failure
from ablate.training.events import Event, Failed, NoRoom


@pytest.mark.parametrize(("used_by_others", "expected"), [(5, NoRoom), (0.5, Failed)])
def test_memory_that_others_use_is_not_the_fault_of_a_run(
    monkeypatch: pytest.MonkeyPatch, used_by_others: float, expected: type[Event]
) -> None:
    gib = 2**30
    monkeypatch.setattr("torch.cuda.mem_get_info", lambda device: ((3 - used_by_others / 2) * gib, 10 * gib))
    monkeypatch.setattr("torch.cuda.memory_reserved", lambda device: (7 - used_by_others / 2) * gib)
    assert type(make_failure(torch.cuda.OutOfMemoryError("out of memory"), "cuda:0")) is expected
