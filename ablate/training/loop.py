"""Train a run: a generator of events that depends only on the run and a checkpoint.

It writes no files and reads no global state. On a CPU with one thread it yields the same bits each time, even if it was
interrupted and resumed in between.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Iterator
from itertools import islice
from typing import Literal

import safetensors.torch
import torch
from torch import Tensor, nn
from torch.optim.swa_utils import update_bn

from ablate.data.sources import make_scenes, source_of
from ablate.data.task import Task
from ablate.denoiser.denoiser import Denoiser, build_denoiser, count_flops, count_parameters
from ablate.settings import Run
from ablate.training.ahead import ahead
from ablate.training.clock import CLOCK
from ablate.training.environment import HERE, Origin, environment
from ablate.training.evaluation import (
    Evaluation,
    evaluate,
    prefix_names,
    score_baselines,
    score_nothing,
    standard_error,
)
from ablate.training.events import Ended, EpochEnded, Row
from ablate.training.origin import Stretch, continues, join_stretches
from ablate.training.recipes import LOSSES, make_average, make_optimiser
from ablate.variants.choices import choose

MAX_SAMPLES = 64
"""The number of test scenes of which the images are stored."""

STATISTICS_SCENES = 256
"""The number of training scenes on which `precise` statistics are estimated, rounded up to whole batches."""

Weights = dict[str, Tensor]


def train(
    run: Run, checkpoint: bytes | None = None, device: str = "cpu", origin: Origin = HERE
) -> Iterator[EpochEnded | Ended]:
    """Train a run from the start, or from one of its checkpoints. Yields an event per epoch, and one at the end.

    >>> import ablate
    >>> run = ablate.load_study("tiny.yaml").runs[0]
    >>> first, second, end = ablate.train(run)
    >>> len(second.rows), sorted(end.results)[:2]
    (2, ['best/epoch', 'cost/flops'])
    >>> resumed = list(ablate.train(run, first.checkpoint))
    >>> len(resumed), resumed[-1].rows[0] == first.rows[0]
    (2, True)
    """
    trainer = Trainer(run, device, origin)
    if checkpoint is not None:
        trainer.restore(checkpoint)
    while len(trainer.rows) < run.training.epochs:
        if not trainer.advance():
            yield trainer.end_diverged()
            return
        yield EpochEnded(list(trainer.rows), trainer.checkpoint(), origin.code.source)
    yield trainer.end_finished()


class Trainer:
    """The state of one run. A checkpoint contains all of it, so a resumed run continues with the same bits."""

    def __init__(self, run: Run, device: str, origin: Origin = HERE) -> None:
        self.run, self.device = run, device
        self.task = Task.of(run.model, run.data)
        self.model: Denoiser = build_denoiser(run.model, run.seed).to(device)
        self.optimiser, self.schedule = make_optimiser(run.training, self.model)
        self.average = make_average(run.training, self.model)
        self.rows: list[Row] = []
        self.best: Weights = {}
        self.environment = environment(device, origin)
        self.earlier: list[Stretch] = []  # before it was resumed
        self.changes = {origin.code.source: origin.code.changes} if origin.code.changes else {}

    @property
    def evaluated_model(self) -> nn.Module:
        """The network that is scored and stored: the one that is trained, or the moving average of its weights."""
        return self.model if self.average is None else self.average.module

    def advance(self) -> bool:
        """Train an epoch and validate it. Returns False if the loss was not finite."""
        started = CLOCK.seconds()
        loss = self.train_epoch(epoch=len(self.rows))  # waits for the GPU, since it returns a number
        if not math.isfinite(loss):
            return False
        if self.run.training.statistics == "precise":
            self._estimate_statistics(epoch=len(self.rows))
        seconds = CLOCK.seconds() - started
        self.evaluated_model.eval()
        scores = evaluate(self.evaluated_model, self.task, "validation", self.run.data.validation, self.device).scores
        if not math.isfinite(scores["mse"]):  # the last step can spoil the weights after its loss was computed
            return False
        # strictly lower than all before: of equal epochs the first is the best, as in `best/epoch`
        if all(scores["mse"] < row["val/mse"] for row in self.rows):
            self.best = _copy(self.evaluated_model)
        self.rows.append(
            {
                "epoch": len(self.rows) + 1,
                "time": time.time(),
                "train/loss": loss,
                **prefix_names("val", scores),
                "time/seconds": seconds,
                "time/images_per_second": self.run.training.scenes / seconds,
            }
        )
        return True

    def train_epoch(self, epoch: int) -> float:
        """Train on the scenes of an epoch. Returns the mean loss over them."""
        config = self.run.training
        loss_of = choose(LOSSES, config.loss)
        self.model.train()
        total = torch.zeros(
            (), device=self.device
        )  # summed there: reading each loss would wait for the GPU at each step
        for noisy, clean in self._batches(epoch):
            with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=config.precision == "bfloat16"):
                loss = loss_of(self.model(noisy), clean)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.schedule.step()
            if self.average is not None:
                self.average.update_parameters(self.model)
            total += loss.detach() * len(noisy)  # by the batch size, since the last batch can be smaller
        return float(total) / config.scenes

    def _estimate_statistics(self, epoch: int) -> None:
        """Estimate BatchNorm's means and variances with fixed weights, on the first scenes of an epoch.

        Running averages lag behind weights that change at every step, so scores jump from epoch to epoch. Training does
        not depend on either, since it normalises each batch by its own mean and variance. See Wu and Johnson (2021),
        "Rethinking 'Batch' in BatchNorm", section 3.
        """
        batches = islice(self._batches(epoch), math.ceil(STATISTICS_SCENES / self.run.training.batch))
        update_bn((noisy for noisy, _ in batches), self.evaluated_model)

    def _batches(self, epoch: int) -> Iterator[tuple[Tensor, Tensor]]:
        """The training scenes of an epoch on the device. A GPU does not wait until they are painted."""

        def paint() -> Iterator[tuple[Tensor, Tensor]]:
            config = self.run.training
            for start in range(0, config.scenes, config.batch):
                count = min(config.batch, config.scenes - start)
                # scenes are made from (seed, epoch, index), so a resumed run needs no state of a data loader
                noisy, clean = make_scenes(count, self.run.seed, epoch=epoch, start=start, task=self.task)
                yield noisy.to(self.device), clean.to(self.device)

        return paint() if self.device == "cpu" else ahead(paint())

    def checkpoint(self) -> bytes:
        """Save everything that the rest of the training depends on."""
        buffer = io.BytesIO()
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "best": self.best,
            "rows": self.rows,
            "stretches": self._stretches(),
            "changes": self.changes,
        }
        torch.save(state, buffer)
        return buffer.getvalue()

    def restore(self, checkpoint: bytes) -> None:
        """Continue from a checkpoint. `weights_only` makes sure that only tensors and plain values are loaded."""
        state = torch.load(io.BytesIO(checkpoint), map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.best, self.rows = state["best"], state["rows"]
        unknown: list[Stretch] = [{"until": len(self.rows), "environment": {"commit": "unknown"}}]
        self.earlier = state.get("stretches", unknown)  # an older version did not save them
        self.changes = state.get("changes", {}) | self.changes

    def _stretches(self) -> list[Stretch]:
        """What has trained the epochs so far, or scores them at the end."""
        return continues(self.earlier, self.environment, until=len(self.rows))

    def end_diverged(self) -> Ended:
        """The end of a run whose loss was not finite: without scores, and with the weights of its best epoch if any."""
        return self._ended("diverged", {**self._facts(), "diverged/epoch": len(self.rows) + 1}, arrays=b"")

    def end_finished(self) -> Ended:
        """The end of a run that was trained for all its epochs, with the scores of the last and of the best weights."""
        last = self._test()  # before the best weights replace those of the last epoch
        if self._best_epoch() == len(self.rows):
            best = last
        else:
            self.evaluated_model.load_state_dict(self.best)
            best = self._test()
        nothing = score_nothing(self.task, self.run.data.test)
        results = {
            **prefix_names("test", best.scores, nothing),
            **prefix_names("last", last.scores, nothing),
            "test/mse_sem": standard_error(best.image_mse, source_of(self.task).files_of("test")),
            **self._facts(),
        }
        has_scores = all(math.isfinite(results[f"{kind}/mse"]) for kind in ("test", "last"))
        arrays = _bytes({"test_mse": best.image_mse, **self._sample_images()})
        return self._ended("finished" if has_scores else "diverged", results, arrays)

    def _ended(self, status: Literal["finished", "diverged"], results: dict[str, float], arrays: bytes) -> Ended:
        """The last event, without results that are not finite: without noise, the PSNR of doing nothing is infinite."""
        finite = {name: value for name, value in results.items() if math.isfinite(value)}
        trained = join_stretches(self._stretches())
        return Ended(status, finite, _bytes(self.best), arrays, trained, list(self.rows), self.changes)

    def _test(self) -> Evaluation:
        self.evaluated_model.eval()
        return evaluate(self.evaluated_model, self.task, "test", self.run.data.test, self.device)

    def _facts(self) -> dict[str, float]:
        """The results that every run has, even if it diverged."""
        return {
            **score_baselines(self.task, self.run.data.test),
            "best/epoch": self._best_epoch(),
            "cost/parameters": count_parameters(self.run.model),
            "cost/flops": count_flops(self.run.model),
            "cost/train_seconds": sum(row["time/seconds"] for row in self.rows),
        }

    def _best_epoch(self) -> int:
        """The epoch with the lowest validation MSE, the first of equal ones; 0 if there was none."""
        errors = [row["val/mse"] for row in self.rows]
        return errors.index(min(errors)) + 1 if errors else 0

    @torch.no_grad()
    def _sample_images(self) -> Weights:
        """The first test scenes, and their images denoised by the best weights. Half precision is enough to look at."""
        noisy, clean = make_scenes(min(MAX_SAMPLES, self.run.data.test), split="test", task=self.task)
        denoised = self.evaluated_model(noisy.to(self.device)).cpu()
        return {name: x.half() for name, x in (("noisy", noisy), ("clean", clean), ("denoised", denoised))}


def _copy(model: nn.Module) -> Weights:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _bytes(tensors: Weights) -> bytes:
    return safetensors.torch.save({name: value.cpu().contiguous() for name, value in tensors.items()})
