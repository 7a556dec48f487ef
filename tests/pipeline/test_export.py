"""What is exported computes what the network computes, for batches of any size."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

import ablate
from ablate.denoiser import build_denoiser
from ablate.errors import AblateError
from ablate.pipeline.export import export_network
from ablate.pipeline.trained import FoundRun
from tests.helpers.parts import write_parts_study
from tests.helpers.tiny import tiny_run


@pytest.mark.slow
@pytest.mark.parametrize("decoder", ["linear", "transposed", "unet"])
def test_the_program_computes_what_the_network_computes(decoder: str, tmp_path: Path) -> None:
    run = tiny_run(model__decoder=decoder, model__channels=2)
    model = build_denoiser(run.model).eval()
    difference = export_network(FoundRun(run), model, tmp_path / "a.pt2")
    assert difference <= 1e-5
    files = {"ablate.json": ""}
    program = torch.export.load(tmp_path / "a.pt2", extra_files=files).module()
    assert json.loads(files["ablate.json"])["run"] == run.id
    with torch.no_grad():
        for count in (1, 3, 7):
            tiles = torch.randn(count, 2, 16, 16)
            assert torch.allclose(program(tiles), model(tiles), atol=1e-5)


LOOP = """\
import torch
from torch import nn
import ablate

@ablate.variant("model.mlp", "loop")
class Loop(nn.Linear):
    def __init__(self, config):
        super().__init__(config.width, config.width)

    def forward(self, x):
        return torch.stack([super(Loop, self).forward(row) for row in x])
"""


@pytest.mark.slow
def test_a_part_that_torch_cannot_export_is_named_in_one_line(tmp_path: Path) -> None:
    arms = "vary: {model.mlp: [gelu, loop]}\nreference: {model.mlp: gelu}\n"
    run = ablate.load_study(write_parts_study(tmp_path, arms, loop=LOOP)).arms[1].run(0)
    with pytest.raises(AblateError, match=r"^[^\n]+$") as caught:
        export_network(FoundRun(run), build_denoiser(run.model).eval(), tmp_path / "a.pt2")
    assert f"run {run.id}: torch.export refuses the network with loop (loop.py): Constraints" in str(caught.value)
    assert not (tmp_path / "a.pt2").exists()


@pytest.mark.slow
def test_a_program_that_differs_is_not_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = tiny_run()
    model = build_denoiser(run.model).eval()
    honest = torch.export.export

    def of_another(network: nn.Module, *args: object, **words: object) -> object:
        return honest(build_denoiser(run.model, seed=1).eval(), *args, **words)  # type: ignore[arg-type]

    monkeypatch.setattr(torch.export, "export", of_another)
    with pytest.raises(AblateError, match="differs from the network by"):
        export_network(FoundRun(run), model, tmp_path / "a.pt2")
    assert list(tmp_path.iterdir()) == []
