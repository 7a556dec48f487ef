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
