"""Exports the trained network of a run as a program that runs without this package (torch.export, `.pt2`)."""

from __future__ import annotations

import io
import json
import textwrap
from pathlib import Path

import torch

from ablate.denoiser import Denoiser
from ablate.errors import AblateError
from ablate.pipeline.trained import FoundRun
from ablate.records.files import write_atomic
from ablate.settings import ModelConfig, dotted

MAX_DIFFERENCE = 1e-5
"""By how much the exported program may differ from the network, at values of about 1."""

MAX_REASON = 300
"""Characters of the reason why torch.export refuses a network; it can be pages long."""

CHECKED_BATCHES = (1, 2, 5)
"""Batch sizes with which it is checked: that of the example, and others."""


def export_network(found: FoundRun, model: Denoiser, path: Path) -> float:
    """Write a network as a program for batches of any size of tiles of its own size, and check what was written.

    Args:
        found: the run. Its id and settings are in the file, too (`ablate.json`).
        model: its network, in evaluation mode, on the CPU.
        path: the file to write.

    Returns:
        The largest difference between the outputs of the network and of the program, on random tiles.

    Raises:
        AblateError: torch.export refuses the network, or the program differs from it.
        OSError: the file cannot be written.
    """
    config = found.run.model
    program = _program(found, model)
    facts = {"run": found.run.id, "study": str(found), "settings": dotted(found.run)}
    file = io.BytesIO()
    torch.export.save(program, file, extra_files={"ablate.json": json.dumps(facts)})
    difference = _largest_difference(model, file.getvalue(), config)
    if not difference <= MAX_DIFFERENCE:  # also if it is NaN
        raise AblateError(
            f"{found}: the exported program differs from the network by {difference:g}; nothing is written"
        )
    write_atomic(path, file.getvalue())
    return difference


def example(config: ModelConfig, count: int = 2) -> torch.Tensor:
    """Random tiles (B, C, H, W) with values in [0, 1). Of a single one, torch.export would take the batch as fixed."""
    random = torch.Generator().manual_seed(0)
    return torch.rand((count, config.channels, *config.image_size), generator=random)


def _program(found: FoundRun, model: Denoiser) -> torch.export.ExportedProgram:
    """The network as a program with tiles of its own size in batches of any size."""
    batch = torch.export.Dim("batch", min=1)
    try:
        return torch.export.export(model, (example(found.run.model),), dynamic_shapes=({0: batch},))
    except Exception as error:  # torch has many, and a user's own part can raise any
        if not found.run.variants:
            raise
        parts = ", ".join(f"{part.name} ({part.registered.file})" for part in found.run.variants)
        reason = textwrap.shorten(str(error), MAX_REASON, placeholder=" ...")
        raise AblateError(f"{found}: torch.export refuses the network with {parts}: {reason}") from error


@torch.no_grad()
def _largest_difference(model: Denoiser, content: bytes, config: ModelConfig) -> float:
    program = torch.export.load(io.BytesIO(content)).module()
    tiles = [example(config, count) for count in CHECKED_BATCHES]
    return max(float((program(batch) - model(batch)).abs().max()) for batch in tiles)
