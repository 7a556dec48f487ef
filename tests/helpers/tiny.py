"""Runs and studies of tiny networks, which train in a tenth of a second."""

from __future__ import annotations

from pathlib import Path

from ablate.overrides import resolve
from ablate.settings import Run

TINY = {
    "model.image_size": [16, 16],
    "model.depth": 1,
    "model.width": 8,
    "model.heads": 2,
    "model.decoder": "linear",
    "training.epochs": 2,
    "training.scenes": 64,
    "training.batch": 8,
    "training.rate": 0.01,
    "data.validation": 8,
    "data.test": 16,
}

TINY_STUDY = """\
question: Do tiny networks need their skips?
base:
{base}
arms:
  with: {{model.skip: both}}
  without: {{model.skip: none}}
reference: with
seeds: 2
margin: 0.25
"""


def tiny_run(seed: int = 0, **overrides: object) -> Run:
    """Make a run that trains in a tenth of a second; keywords are settings, with `__` in place of the dot."""
    settings = resolve(TINY | {name.replace("__", "."): value for name, value in overrides.items()})
    return Run(model=settings.model, data=settings.data, training=settings.training, seed=seed)


def write_tiny_study(folder: Path, name: str = "tiny.yaml", **replace: str) -> Path:
    """Write a study file with two arms and two seeds; keywords replace lines by their key."""
    text = TINY_STUDY.format(base="\n".join(f"  {key}: {value}" for key, value in TINY.items()))
    for key, value in replace.items():
        text = "\n".join(f"{key}: {value}" if line.startswith(f"{key}:") else line for line in text.splitlines()) + "\n"
    path = folder / name
    path.write_text(text)
    return path
