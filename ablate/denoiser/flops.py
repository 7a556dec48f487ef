"""Count the FLOPs of forward passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import FlopCounterMode, flop_registry


def flops_of(model: nn.Module, image_BCHW: Tensor) -> int:
    """The FLOPs of a forward pass by torch's own formulas, a multiply-add counted as two."""
    with _countable(), _Counter() as counter:
        model(image_BCHW)
    return counter.flops


def flops_by_module(model: nn.Module, image_BCHW: Tensor) -> dict[str, int]:
    """The same by module. Names begin with that of the network's class: `Denoiser.decoder`."""
    with _countable(), FlopCounterMode(display=False) as counter:
        model(image_BCHW)
    return {name: sum(operations.values()) for name, operations in counter.get_flop_counts().items()}


@contextmanager
def _countable() -> Iterator[None]:
    """A context in which attention is two products of matrices: torch has no formula for its kernel on the CPU."""
    with torch.no_grad(), sdpa_kernel(SDPBackend.MATH):
        yield


class _Counter(TorchDispatchMode):
    """Adds up what `FlopCounterMode` counts, but does not import torch's compiler, as that does."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.flops = 0

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        """Tell torch not to wrap `__torch_dispatch__` for its compiler."""
        return False

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        """Called with each operation of torch inside the context."""
        result = func(*args, **(kwargs or {}))
        if formula := flop_registry.get(func.overloadpacket):
            self.flops += formula(*args, **(kwargs or {}), out_val=result)
        return result
