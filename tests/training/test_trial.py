"""Trying a user's own parts on a tiny batch: each mistake is one message with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import ablate
from ablate.settings import Run
from ablate.training.trial import try_parts
from ablate.variants.files import PartError
from tests.helpers.parts import write_parts_study
from tests.helpers.tiny import tiny_run

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


def run_with(folder: Path, place: str, text: str) -> Run:
    value, metric = ("[own]" if place == "data.noise" else "own"), "metric: test/gain\n"
    arms = f"arms:\n  usual: {{data.test: 17}}\n  own: {{{place}: {value}}}\nreference: usual\n{metric}"
    study = write_parts_study(folder, arms, mine=HEAD + text.replace("PLACE", place))
    return ablate.load_study(study).arms[1].run(0)


@pytest.mark.parametrize("place", PARTS)
def test_a_part_in_every_place_is_accepted_and_trains(place: str, tmp_path: Path) -> None:
    run = run_with(tmp_path, place, PARTS[place])
    try_parts(run)
    *_, own = ablate.train(run)
    *_, usual = ablate.train(tiny_run())
    assert own.rows[0]["train/loss"] != usual.rows[0]["train/loss"] or own.rows[1] != usual.rows[1]


MISTAKES = {
    "a wrong shape": ("model.attention", "self.layer(x)", "self.layer(x)[:, :3]", 6, "own returns (2, 3, 8)"),
    "one dimension less": ("model.mlp", "self.layer(x)", "x[0]", 6, "own returns (4, 8); allowed: (2, 4, 8)"),
    "no tensor": ("model.position", "self.layer(x)", "(x, x)", 6, "own returns tuple; allowed: (2, 4, 8)"),
    "a wrong image": ("model.decoder", "x.mean()", "x.mean() + torch.ones(3, 1, 1)", 6, "own returns (2, 3, 16, 16)"),
    "a wrong sum": ("model.skip", "x + self.layer(y)", "self.layer(y).sum(dim=0)", 6, "own returns (4, 8)"),
    "a wrong norm": ("model.norm", "self.layer(x)", "self.layer(x).mean(dim=1)", 6, "own returns (2, 8)"),
    "a wrong prediction": ("model.prediction", "noisy * predicted", "predicted[0]", 6, "own returns (1, 16, 16)"),
    "no gradient": ("model.attention", "self.layer(x)", "x * self.layer.bias", 6, "layer.weight gets no gradient"),
    "detached": ("model.mlp", "self.layer(x)", "self.layer(x).detach()", 6, "mlp.layer.weight gets no gradient"),
    "no loss": ("training.loss", ".mean()", "", 6, "own returns a tensor of shape (2, 1, 16, 16); allowed: a"),
    "a number": ("training.loss", ".mean()", ".mean().item()", 6, "own returns float; allowed: a tensor"),
    "a constant": ("training.loss", "denoised - clean", "clean", 6, "with own the loss depends on no parameter"),
    "a constructor": ("model.attention", "nn.Linear(config", "nn.Linear(config.w + config", 10, "AttributeError: "),
    "forward": ("model.attention", "self.layer(x)", "self.leyer(x)", 13, "AttributeError: 'Own' object has no"),
    "a wrong call": ("model.attention", "(self, x)", "(self, x, y)", 6, "TypeError: Own.forward() missing 1"),
    "no optimiser": ("training.optimiser", "optim.SGD(", "dict(p=", 6, "AttributeError: 'dict' object has no"),
    "the end": ("training.schedule", "1 - progress", "1 / (progress < 0.9)", 8, "ZeroDivisionError: division"),
    "double precision": ("data.source", "+ np.float32(0.1)", "+ np.ones(1)", 6, "own makes images of shape (2, 1,"),
    "a single image": ("data.noise", "x + np.float32(0.1)", "(x + np.float32(0.1))[:1]", 6, "own makes images of"),
    "no images": ("data.source", "rng.random(", "rng.randon(", 12, "AttributeError: "),
    "no meta": ("model.mlp", "self.layer(x)", "self.layer(x) * float(x.max() > -9)", 13, "counting FLOPs on torch"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_one_message_with_file_and_line(mistake: str, tmp_path: Path) -> None:
    place, old, new, line, message = MISTAKES[mistake]
    text = PARTS[place]
    assert old in text
    run = run_with(tmp_path, place, text.replace(old, new))
    with pytest.raises(PartError) as caught:
        try_parts(run)
    assert str(caught.value).startswith(f"mine.py:{line}: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_trial_leaves_the_random_numbers_alone(tmp_path: Path) -> None:
    run = run_with(tmp_path, "model.mlp", LAYER)
    before = torch.random.get_rng_state()
    try_parts(run)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_run_without_parts_is_not_tried() -> None:
    try_parts(tiny_run(training__batch=64))
