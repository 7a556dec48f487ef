"""A study of tiny networks with parts of its own."""

from __future__ import annotations

from pathlib import Path

from tests.helpers.tiny import TINY

GATE = '''\
"""A gate: its file."""

from pydantic import BaseModel, Field
from torch import Tensor, nn

import ablate
from helper import start


class GateSettings(BaseModel):
    rank: int = Field(2, ge=1)
    scale: float = 1.0


@ablate.variant("model.attention", "gate", settings=GateSettings)
class Gate(nn.Module):
    def __init__(self, config: ablate.ModelConfig, settings: GateSettings) -> None:
        super().__init__()
        self.down = nn.Linear(config.width, settings.rank)
        self.up = nn.Linear(settings.rank, config.width)
        self.scale = settings.scale * start()

    def forward(self, x_BND: Tensor) -> Tensor:
        return self.scale * self.up(self.down(x_BND))
'''

HELPER = "def start() -> float:\n    return 1.0\n"

ARMS = """\
arms:
  softmax: {model.attention: softmax}
  gate: {model.attention: gate}
  wide gate: {model.attention: gate, parts.gate.rank: 4}
reference: softmax
"""

HEAD = """\
import numpy as np
import torch
from torch import nn, optim
import ablate

"""
LAYER = """\
@ablate.variant("PLACE", "own")
class Own(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = nn.Linear(config.width, config.width)

    def forward(self, x):
        return self.layer(x)
"""
NORM = LAYER.replace("config.width, config.width", "config, config")
SKIP = LAYER.replace("forward(self, x)", "forward(self, x, y)").replace("self.layer(x)", "x + self.layer(y)")
DECODER = """\
@ablate.variant("model.decoder", "own")
class Own(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.layer = nn.Conv2d(config.channels, config.channels, 3, padding=1)

    def forward(self, x, image):
        return self.layer(image) + x.mean()
"""
PREDICTION = """\
@ablate.variant("model.prediction", "own")
def own(noisy, predicted):
    return noisy * predicted
"""
LOSS = """\
@ablate.variant("training.loss", "own")
def own(denoised, clean):
    return ((denoised - clean) ** 4).mean()
"""
OPTIMISER = """\
@ablate.variant("training.optimiser", "own")
def own(parameters, lr, weight_decay=0.0):
    return optim.SGD(parameters, lr=lr, weight_decay=weight_decay)
"""
SCHEDULE = """\
@ablate.variant("training.schedule", "own")
def own(progress):
    return 1 - progress
"""
SOURCE = """\
@ablate.variant("data.source", "own")
class Own:
    def __init__(self, task):
        self.shape = (task.channels, *task.image_size)

    def pairs(self, images):
        clean = np.stack([rng.random(self.shape, np.float32) for rng in images.generators()])
        return clean + np.float32(0.1), clean

    def constant(self):
        return np.full(self.shape[:1], 0.5, np.float32)

    def files_of(self, split):
        return None
"""
NOISE = """\
@ablate.variant("data.noise", "own")
def own(x, generators, data):
    return x + np.float32(0.1)
"""
PARTS = {
    "data.source": SOURCE,
    "data.noise": NOISE,
    "model.attention": LAYER,
    "model.mlp": LAYER,
    "model.position": LAYER,
    "model.norm": NORM,
    "model.skip": SKIP,
    "model.decoder": DECODER,
    "model.prediction": PREDICTION,
    "training.loss": LOSS,
    "training.optimiser": OPTIMISER,
    "training.schedule": SCHEDULE,
}
"""A part called `own` for each place; these texts come after `HEAD`, and `PLACE` stands for the place."""


def write_parts_study(folder: Path, arms: str = ARMS, seeds: int = 1, **files: str) -> Path:
    """Write a study file and its part files, `gate.py` and `helper.py` unless keywords (module=text) say otherwise."""
    texts = files or {"gate": GATE, "helper": HELPER}
    for module, text in texts.items():
        (folder / f"{module}.py").write_text(text)
    base = "\n".join(f"  {key}: {value}" for key, value in TINY.items())
    listed = ", ".join(f"{module}.py" for module in texts)
    text = f"question: Does a gate do?\nvariants: [{listed}]\nbase:\n{base}\n{arms}seeds: {seeds}\nmargin: 0.25\n"
    path = folder / "tiny.yaml"
    path.write_text(text)
    return path
