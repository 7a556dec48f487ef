"""How long a training step of the default network takes, by what computes it: `python -m benchmarks.steps`.

A step is a batch of 32 scenes: painting them, forward, backward, Adam. Each way trains two epochs in a process of its
own with one thread, in turn with the others; the second epoch counts.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import NamedTuple
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor

from ablate.data.sources import make_scenes
from ablate.denoiser.denoiser import count_flops
from ablate.settings import ModelConfig, Run, TrainingConfig
from ablate.training.loop import Trainer
from benchmarks.pairs import HERE, machine, options, summary, table
from benchmarks.peers.network import Denoiser

BATCH, STEPS = 32, 32
SIZE, PRODUCTS = 1024, 20

Epoch = Callable[[int], object]
"""Trains the epoch of this number."""


class Measured(NamedTuple):
    """The seconds of the first and of the second epoch, and the rate of products of large matrices (FLOP/s)."""

    first: float
    second: float
    rate: float


def notebook(steps: int) -> Epoch:
    """The notebook's network in plain torch, with its default Adam."""
    model = Denoiser().train()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)

    def epoch(number: int) -> None:
        for step in range(steps):
            noisy, clean = make_scenes(BATCH, 0, epoch=number, start=BATCH * step)
            loss = F.mse_loss(model(noisy), clean)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            loss.item()

    return epoch


def ours(steps: int) -> Epoch:
    """The default network and training of this program."""
    return _trainer(steps).train_epoch


def products(steps: int) -> Epoch:
    """The same, with attention by plain products and a softmax."""
    mock.patch.object(F, "scaled_dot_product_attention", plain_attention).start()  # until this process ends
    return ours(steps)


def compiled(steps: int) -> Epoch:
    """The same, with compiled blocks; what the compiler writes is kept on the disk for other processes."""
    trainer = _trainer(steps)
    for block in trainer.model.encoder.blocks:
        block.compile()
    return trainer.train_epoch


def _trainer(steps: int) -> Trainer:
    return Trainer(Run(training=TrainingConfig(batch=BATCH, scenes=BATCH * steps)), "cpu")


def plain_attention(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    """Attention as the notebook computes it, (..., N, E) each."""
    weights: Tensor = (q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])).softmax(dim=-1)
    return weights @ v


KEPT_MEMORY = {f"MALLOC_{name}_": str(2**30) for name in ("TRIM_THRESHOLD", "MMAP_THRESHOLD")}
KEPT_MEMORY["MALLOC_TOP_PAD_"] = str(2**26)
WAYS: dict[str, tuple[Callable[[int], Epoch], dict[str, str]]] = {
    "the notebook's network in plain torch": (notebook, {}),
    "**ours**": (ours, {}),
    "ours, attention by plain products": (products, {}),
    "ours, compiled blocks": (compiled, {}),
    "ours, memory is kept by the process": (ours, KEPT_MEMORY),
    "ours, huge pages of memory": (ours, {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1"}),
}
"""What makes the epochs, and variables of the process."""


def measure(make: Callable[[int], Epoch], steps: int) -> Measured:
    """Time both epochs and the products, in this process."""
    torch.set_num_threads(1)
    epoch, matrix = make(steps), torch.randn(SIZE, SIZE)
    first, second = (_seconds(partial(epoch, number)) for number in range(2))
    multiplied = _seconds(lambda: [matrix @ matrix for _ in range(PRODUCTS)])
    return Measured(first, second, PRODUCTS * 2 * SIZE**3 / multiplied)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def measure_apart(name: str, steps: int = STEPS) -> Measured:
    """Measure a way in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1", **WAYS[name][1]}
    command = [sys.executable, "-P", "-m", "benchmarks.steps", "--way", name, "--steps", str(steps)]
    printed = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return Measured(*json.loads(printed))


def report(found: dict[str, list[Measured]], steps: int) -> str:
    """The table: every way relative to the first one, measured in the same turn."""
    flops = 3 * count_flops(ModelConfig()) * BATCH * steps  # backward takes two products for each one of forward
    first, *_ = found.values()
    rows = []
    for name, measured in found.items():
        ratios = [one.second / other.second for one, other in zip(measured, first, strict=True)]
        shares = [flops / one.second / one.rate for one in measured]
        rows.append([name, summary(ratios), summary(shares), summary([one.first - one.second for one in measured])])
    headings = ("steps of", "relative time", "share of the rate of products", "the first epoch takes longer by (s)")
    return table(headings, rows)


def main() -> None:
    """Print the table, or what one way takes in this process."""
    parser = options(__doc__, repeats=4, pairs=False)
    parser.add_argument("--way", choices=WAYS, help="measure only this, in this process, and print numbers as JSON")
    parser.add_argument("--steps", type=int, default=STEPS, help="of an epoch")
    chosen = parser.parse_args()
    if chosen.way:
        print(json.dumps(measure(WAYS[chosen.way][0], chosen.steps)))
        return
    found: dict[str, list[Measured]] = {name: [] for name in WAYS}
    for _ in range(chosen.repeats):
        for name in WAYS:
            found[name].append(measure_apart(name, chosen.steps))
            print(name, found[name][-1], flush=True)
    print(machine())
    print(report(found, chosen.steps))


if __name__ == "__main__":
    main()
