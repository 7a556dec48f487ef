"""Optimisers that do not import torch's compiler."""

from __future__ import annotations

import inspect
from typing import TypeVar

import torch
from torch import optim

Optimiser = TypeVar("Optimiser", bound=optim.Optimizer)

METHODS = ("add_param_group", "load_state_dict", "state_dict", "zero_grad")
"""Those that torch wraps for its compiler, beside `step`."""


def eager(kind: type[Optimiser]) -> type[Optimiser]:
    """A subclass of an optimiser that computes the same, but does not import torch's compiler, `torch._dynamo`.

    Torch wraps methods of its optimisers for `torch.compile`, and the wrappers import the compiler even where nothing
    is compiled. In each worker that takes about as long as importing torch itself. The subclass has the methods inside
    these wrappers; its `step` computes no gradients, as in the wrapper.

    >>> issubclass(eager(optim.Adam), optim.Adam)
    True
    """
    methods = {name: inspect.unwrap(getattr(kind, name)) for name in METHODS}
    step = torch.no_grad()(inspect.unwrap(kind.step))
    return type(kind.__name__, (kind,), {**methods, "step": step})
