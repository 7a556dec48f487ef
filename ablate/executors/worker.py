"""Train a run the way every executor does."""

from __future__ import annotations

import errno
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ablate.settings import Run
from ablate.training.events import Event, Failed, Lost, NoRoom

if TYPE_CHECKING:
    from ablate.training.environment import Origin

MAX_CONTEXT = 2**30
"""Bytes of GPU memory that a process may use beside its tensors. If more is in use, it is by other processes."""


SHORTAGES = frozenset(
    getattr(errno, name)
    for name in ("ENOMEM", "EAGAIN", "EMFILE", "ENFILE", "ENOSPC", "EDQUOT", "EIO", "ESTALE")
    if hasattr(errno, name)
)
"""Error numbers of the operating system: a resource of the machine is used up, or a disk fails."""

SHORTAGE_TEXTS = ("can't allocate memory", "can't start new thread")
"""Parts of messages of torch and Python that mean the same and have no such number."""


def perform(run: Run, checkpoint: bytes | None, device: str, origin: Origin | None = None) -> Iterator[Event]:
    """Train a run. An exception in it becomes its last event, so it does not stop other runs.

    `origin` is that of the code, if it was sent to this machine.
    """
    try:
        from ablate.training.environment import HERE
        from ablate.training.loop import train

        with one_thread():
            yield from train(run, checkpoint, device, origin or HERE)
    except Exception as error:
        yield make_failure(error, device)


def make_failure(error: Exception, device: str) -> Failed | Lost:
    """The last event of a run that raised an exception.

    GPU memory that others use is not the run's fault. A GPU that has stopped working, or another resource that the
    machine lacks, need not be: the run is tried again in a new process, which first tries the GPU.
    """
    import torch

    if isinstance(error, torch.cuda.OutOfMemoryError):
        free, total = torch.cuda.mem_get_info(device)
        others = total - free - torch.cuda.memory_reserved(device)
        if others > MAX_CONTEXT:
            return NoRoom(f"no room on {device}, of whose {total / 2**30:.1f} GiB others use {others / 2**30:.1f}")
    elif device != "cpu" and (fault := find_fault(device)):
        return Lost(f"its worker cannot use {device} any more: {fault}")
    if shortage := find_shortage(error):
        return Lost(f"a fault of its machine: {shortage}")
    return Failed(f"{type(error).__name__}: {error}", traceback.format_exc())


def find_shortage(error: BaseException) -> str:
    """The resource that the machine lacked, in one line, if that raised an exception; otherwise empty.

    >>> find_shortage(OSError(28, "No space left on device"))
    'OSError: [Errno 28] No space left on device'
    >>> find_shortage(FileNotFoundError(2, "No such file or directory"))
    ''
    """
    step: BaseException | None = error
    while step is not None:
        is_numbered = isinstance(step, OSError) and step.errno in SHORTAGES
        if isinstance(step, MemoryError) or is_numbered or any(text in str(step) for text in SHORTAGE_TEXTS):
            return f"{type(step).__name__}: {step}".splitlines()[0].removesuffix(": ")
        step = step.__cause__ or step.__context__
    return ""


def find_fault(device: str) -> str:
    """Why torch cannot compute on a device, in one line; empty if it can, or if only memory is lacking at present."""
    try:
        import torch

        torch.zeros(1, device=device)
    except Exception as error:
        text = f"{type(error).__name__}: {error}".splitlines()[0]
        return "" if "out of memory" in text else text
    return ""


def make_timeout(timeout: float) -> Failed:
    """The last event of a run that takes longer than `timeout` seconds."""
    return Failed(f"not done after {timeout:g} s, the study's timeout", status="timed out")


@contextmanager
def one_thread() -> Iterator[None]:
    """A context with one thread for torch.

    With one thread a run has the same bits in every executor, and a CPU is used best by one run per core.
    """
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
