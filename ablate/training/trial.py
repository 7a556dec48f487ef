"""Try a user's own parts on a tiny batch, so a mistake in one is found before anything is trained."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ablate.data.sources import make_scenes, source_of
from ablate.data.task import Task
from ablate.denoiser.denoiser import Denoiser, build_denoiser, count_flops
from ablate.denoiser.layers import LAYERS, place_of
from ablate.images.folders import SPLITS
from ablate.settings import ModelConfig, Run
from ablate.training.recipes import LOSSES, make_optimiser, rate_factor, steps_per_epoch
from ablate.variants.choices import Variant, choose
from ablate.variants.execution import pointing_at
from ablate.variants.files import PartError

SCENES = 2
"""Scenes of the batch. With one, some mistakes about the first dimension would not be noticed."""


def try_parts(run: Run) -> None:
    """Train the network of a run on two scenes, if it uses any parts of the user's own.

    Raises:
        PartError: an exception in a part, an output of a wrong shape, a parameter that gets no gradient, a loss that
            cannot be minimised, or a network whose FLOPs cannot be counted.
    """
    if not run.variants:
        return
    noisy, clean = _try_data(run)
    with torch.random.fork_rng(devices=[]):
        model = try_network(run.model, noisy)
        loss = _try_loss(run, model, noisy, clean)
        with _blaming(run.variants, ("training.optimiser", "training.schedule")):
            optimiser, schedule = make_optimiser(run.training, model)
            loss.backward()
            _check_gradients(run.variants, model)
            optimiser.step()
            schedule.step()
            rate_factor(run.training, run.training.epochs * steps_per_epoch(run.training) - 1)


def _try_data(run: Run) -> tuple[Tensor, Tensor]:
    places = ("data.source", "data.noise")
    task = Task.of(run.model, run.data)
    with _blaming(run.variants, places):
        pair = make_scenes(SCENES, task=task)
    part, expected = _blamed(run.variants, places), (SCENES, run.model.channels, *run.model.image_size)
    for images in pair:
        if tuple(images.shape) != expected or images.dtype != torch.float32:
            fact = f"{part.name} makes images of shape {tuple(images.shape)} and type {str(images.dtype)[6:]}"
            raise _error(part, f"{fact}; allowed: {expected}, float32")
    if isinstance(run.data.source, Variant):
        _try_source(run.data.source, task)
    return pair


def _try_source(part: Variant, task: Task) -> None:
    """Call the other methods of a user's own source."""
    with pointing_at(part.files, (part.registered.file, part.registered.line)):
        source = source_of(task)
        shape = np.shape(source.constant())
        counts = [source.files_of(split) for split in SPLITS]
    if shape != (task.channels,):
        fact = f"constant of {part.name} returns values of shape {shape}"
        raise _error(part, f"{fact}; allowed: {(task.channels,)}, one for each channel")
    if not all(count is None or isinstance(count, int) for count in counts):
        fact = f"files_of of {part.name} returns {', '.join(map(repr, counts))} for {', '.join(SPLITS)}"
        raise _error(part, f"{fact}; allowed: None, or the number of files")


def try_network(config: ModelConfig, noisy: Tensor | None = None) -> Denoiser:
    """Build a network, apply it to two images, and count its FLOPs; returns the network.

    Raises:
        PartError: see `try_parts`.
    """
    variants = _variants(config)
    if noisy is None:
        noisy = torch.zeros(SCENES, config.channels, *config.image_size)
    with _blaming(variants, LAYERS.values()):
        model = build_denoiser(config)
        expected = _shapes(build_denoiser(_built_in(config)), noisy, {})
        found: dict[str, str] = {}
        try:
            _shapes(model, noisy, found)
        finally:  # also before an exception elsewhere that a wrong shape has caused
            _check_shapes(variants, found, expected)
    with _blaming(variants, LAYERS.values(), "counting the FLOPs of one image: "):
        count_flops(config)
    return model


def _variants(config: ModelConfig) -> tuple[Variant, ...]:
    return tuple(value for _, value in config if isinstance(value, Variant))


def _built_in(config: ModelConfig) -> ModelConfig:
    """The same network with the default in the place of each of the user's own parts."""
    own = [name for name, value in config if isinstance(value, Variant)]
    return config.model_copy(update={name: ModelConfig.model_fields[name].default for name in own})


def _shapes(model: nn.Module, noisy: Tensor, found: dict[str, str]) -> dict[str, str]:
    """Apply a network, and add to `found` what each module listed in `LAYERS` returns."""

    def record(name: str) -> Any:
        def hook(module: nn.Module, inputs: object, output: object) -> None:
            found[name] = str(tuple(output.shape)) if isinstance(output, Tensor) else type(output).__name__

        return hook

    modules = [(name, module) for name, module in model.named_modules() if place_of(name)]
    handles = [module.register_forward_hook(record(name)) for name, module in modules]
    try:
        model(noisy)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _check_shapes(variants: Sequence[Variant], found: dict[str, str], expected: dict[str, str]) -> None:
    for name, shape in found.items():
        if shape != expected.get(name, shape):
            part = _blamed(variants, [place_of(name) or ""])
            raise _error(part, f"{part.name} returns {shape}; allowed: {expected[name]}, as the input has")


def _try_loss(run: Run, model: nn.Module, noisy: Tensor, clean: Tensor) -> Tensor:
    with _blaming(run.variants, ["training.loss"]):
        loss = choose(LOSSES, run.training.loss)(model(noisy), clean)
    part = _blamed(run.variants, ["training.loss", *LAYERS.values()])
    if not isinstance(loss, Tensor) or loss.shape:
        what = f"a tensor of shape {tuple(loss.shape)}" if isinstance(loss, Tensor) else type(loss).__name__
        raise _error(part, f"{part.name} returns {what}; allowed: a tensor with one number, without dimensions")
    if not loss.requires_grad:
        raise _error(part, f"with {part.name} the loss depends on no parameter, so nothing can be trained")
    return loss


def _check_gradients(variants: Sequence[Variant], model: nn.Module) -> None:
    without = [
        name for name, parameter in model.named_parameters() if parameter.requires_grad and parameter.grad is None
    ]
    if without:
        own = {variant.place for variant in variants}
        name = next((name for name in without if _place_around(name) in own), without[0])
        part = _blamed(variants, [_place_around(name)])
        raise _error(part, f"the parameter {name} gets no gradient with {part.name}; use it, or make it a buffer")


def _place_around(parameter: str) -> str:
    """The setting that makes the module of `LAYERS` that a parameter is in."""
    beginnings = (parameter.rsplit(".", count)[0] for count in range(1, parameter.count(".") + 1))
    return next((place for beginning in beginnings if (place := place_of(beginning))), "")


def _blamed(variants: Sequence[Variant], places: Iterable[str]) -> Variant:
    """The part in the first of these places that has one, or else the first part."""
    at = {variant.place: variant for variant in variants}
    return next((at[place] for place in places if place in at), variants[0])


def _error(part: Variant, fact: str) -> PartError:
    return PartError(part.registered.file, part.registered.line, fact)


@contextmanager
def _blaming(variants: Sequence[Variant], places: Iterable[str], doing: str = "") -> Iterator[None]:
    """A context in which an exception becomes an error with a line of a part's file.

    That is the last line that the exception passed through, or else the line that registers the part in `places`.
    """
    if not variants:
        yield
        return
    part = _blamed(variants, places)
    with pointing_at(part.files, (part.registered.file, part.registered.line), doing):
        yield
