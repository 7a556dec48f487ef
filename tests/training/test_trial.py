"""Trying a user's own parts on a tiny batch: each mistake is one message with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import ablate
from ablate.data.sources import make_scenes
from ablate.data.task import Task
from ablate.settings import Run
from ablate.training.trial import try_parts
from ablate.variants.files import PartError
from tests.helpers.parts import HEAD, LAYER, NOISE, PARTS, write_parts_study
from tests.helpers.tiny import tiny_run


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
    "no constant": ("data.source", "def constant", "def other", 6, "AttributeError: 'Own' object has no attribute"),
    "a wrong constant": (
        "data.source",
        "self.shape[:1]",
        "self.shape",
        6,
        "constant of own returns values of shape (1,",
    ),
    "no number of files": ("data.source", "return None", "return split", 6, "files_of of own returns 'train', 'valid"),
    "two images": ("model.mlp", "self.layer(x)", "self.layer(x) + 0 * x[1]", 13, "counting the FLOPs of one image: "),
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


def test_what_a_part_computes_may_depend_on_numbers(tmp_path: Path) -> None:
    text = LAYER.replace("self.layer(x)", "self.layer(x) * float(x.max() > -9)")
    assert text != LAYER
    try_parts(run_with(tmp_path, "model.mlp", text))


def test_the_trial_leaves_the_random_numbers_alone(tmp_path: Path) -> None:
    run = run_with(tmp_path, "model.mlp", LAYER)
    before = torch.random.get_rng_state()
    try_parts(run)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_a_noise_that_changes_its_input_leaves_the_clean_image_as_it_is(tmp_path: Path) -> None:
    in_place = run_with(tmp_path, "data.noise", NOISE.replace("return x +", "x +=") + "    return x\n")
    noisy, clean = make_scenes(2, task=Task.of(in_place.model, in_place.data))
    assert torch.allclose(noisy, clean + 0.1)
    assert float(clean.min()) == 0


def test_a_run_without_parts_is_not_tried() -> None:
    try_parts(tiny_run(training__batch=64))
