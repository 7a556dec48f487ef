"""Where a run may train. What is claimed of a GPU is claimed of the CPU, too: so the tests themselves are tried."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from ablate.executors.local import LocalExecutor
from ablate.training.environment import device_name
from ablate.training.events import Ended
from ablate.training.loop import train
from tests.helpers.tiny import tiny_run

GPU = pytest.param("cuda:0", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here"))
DEVICES = ["cpu", GPU]
CLOSE = 0.5
"""dB within which a tiny run's scores are the same: a GPU adds up in an order of its own, each time another."""


def scores(end: object) -> list[float]:
    assert isinstance(end, Ended)
    return [row["val/psnr"] for row in end.rows] + [end.results["test/psnr"]]


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("device", DEVICES)
def test_a_device_scores_what_the_cpu_does(device: str, precision: str) -> None:
    run = tiny_run(training__precision=precision)
    assert scores([*train(run, None, device)][-1]) == pytest.approx(scores([*train(tiny_run())][-1]), abs=CLOSE)


@pytest.mark.parametrize("device", DEVICES)
def test_a_run_resumes_from_its_checkpoint_on_every_device(device: str) -> None:
    run = tiny_run(training__epochs=3, training__ema=0.9, training__schedule="cosine")
    events: list[Any] = list(train(run, None, device))
    first, *_, whole = events
    *epochs, resumed = train(run, first.checkpoint, device)
    assert len(epochs) == 2
    assert resumed.rows[0] == whole.rows[0]
    assert scores(resumed) == pytest.approx(scores(whole), abs=CLOSE)


@pytest.mark.parametrize("device", DEVICES)
def test_two_runs_share_a_device(device: str) -> None:
    runs = [tiny_run(seed) for seed in range(2)]
    with LocalExecutor([device, device]) as executor:
        for run in runs:
            executor.submit(run)
        ends = {run_id: event for run_id, event in executor.events() if isinstance(event, Ended)}
    assert set(ends) == {run.id for run in runs}
    assert {end.environment["device"] for end in ends.values()} == {device_name(device)}
