"""What every executor does with a run, wherever it does it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from ablate.settings import Run
from ablate.training.events import Event, Failed


def perform(run: Run, checkpoint: bytes | None, device: str) -> Iterator[Event]:
    """Train a run; whatever breaks in it becomes its last event, so that one bad arm stops no other."""
    try:
        from ablate.training.loop import train

        with one_thread():
            yield from train(run, checkpoint, device)
    except Exception as error:
        yield Failed(f"{type(error).__name__}: {error}", traceback.format_exc())


def over_time(timeout: float) -> Failed:
    """The last event of a run that took longer than `timeout` seconds."""
    return Failed(f"not done after {timeout:g} s, the study's timeout", status="timed out")


@contextmanager
def one_thread() -> Iterator[None]:
    """One thread per run: the same bits in every executor, and on a CPU one run per core is what is fastest."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
