"""The program that follows late starters: what it computes before a training is what the network does."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from ablate.data.sources import make_scenes
from ablate.denoiser.denoiser import build_denoiser
from ablate.overrides import resolve
from ablate.settings import ModelConfig
from ablate.training.loop import Trainer, train
from benchmarks import late_starters
from tests.helpers.tiny import TINY

SHORT: dict[str, Any] = {**TINY, "model.decoder": "transposed"}


@pytest.mark.parametrize("head_init", late_starters.HEAD_INITS)
def test_the_first_offset_is_the_mean_of_the_first_images(head_init: Any) -> None:
    noisy, _ = make_scenes(32)
    model = build_denoiser(ModelConfig(head_init=head_init), 10).train()
    with torch.no_grad():
        mean = float(model(noisy).mean())
    assert late_starters.first_offset(head_init, 10) == pytest.approx(mean, abs=0.02)


def test_a_run_is_followed_with_the_scores_that_it_has() -> None:
    followed = late_starters.follow("small", 1, 2, **{**SHORT, "training.epochs": 2})
    settings = {**SHORT, "training.statistics": "precise", "model.head_init": "small"}
    event: Any = [*train(resolve(settings).run(1))][-1]
    assert followed.psnr.tolist() == [row["val/psnr"] for row in event.rows]


def test_a_channel_that_is_never_positive_is_dead() -> None:
    trainer = Trainer(resolve(SHORT).run(0), "cpu")
    trainer.advance()
    assert late_starters.least_active(trainer.model, trainer) > 0
    norm: Any = trainer.model.decoder.stages[0].convolutions[1]  # type: ignore[index,union-attr]
    with torch.no_grad():
        norm.bias[1] = -1000.0
    assert late_starters.least_active(trainer.model, trainer) == 0


def test_a_training_continues_after_what_it_has_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = []

    def follow(head_init: str, seed: int) -> pd.DataFrame:
        trained.append((head_init, seed))
        if len(trained) == 2:
            raise KeyboardInterrupt
        return pd.DataFrame({"epoch": [1], "psnr": [20.0], "active": [0.5], "head_init": [head_init], "seed": [seed]})

    monkeypatch.setattr(late_starters, "FILE", tmp_path / "late.csv")
    monkeypatch.setattr(late_starters, "SEEDS", 2)
    monkeypatch.setattr(late_starters, "follow", follow)
    with pytest.raises(KeyboardInterrupt):
        late_starters.train_all()
    late_starters.train_all()
    assert trained == [("torch", 0), ("small", 0), ("small", 0), ("torch", 1), ("small", 1)]
    assert len(pd.read_csv(tmp_path / "late.csv")) == 4
