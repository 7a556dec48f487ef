"""`train(run)`: a generator of events, a pure function of (run, checkpoint).

It writes no file and reads no global state; on a CPU with one thread it yields the same bits each time, whether or not
it was cut off and resumed in between.
"""

from __future__ import annotations

import io
import math
import time
from collections.abc import Iterator
from typing import Literal

import safetensors.torch
import torch
from torch import Tensor, nn

from ablate.denoiser.denoiser import Denoiser, build_denoiser, count_flops, count_parameters
from ablate.scenes import Task, make_scenes
from ablate.settings import Run
from ablate.training.environment import environment
from ablate.training.evaluation import Evaluation, baselines, evaluate, named, score_nothing
from ablate.training.events import Ended, EpochEnded, Row
from ablate.training.recipes import LOSSES, make_average, make_optimiser

SHOWN = 64
"""Test scenes whose outputs are kept."""

Weights = dict[str, Tensor]


def train(run: Run, checkpoint: bytes | None = None, device: str = "cpu") -> Iterator[EpochEnded | Ended]:
    """Train a run, from its start or from a checkpoint of it; one event per epoch, and one at the end."""
    trainer = Trainer(run, device)
    if checkpoint is not None:
        trainer.restore(checkpoint)
    while len(trainer.rows) < run.training.epochs:
        if not trainer.advance():
            yield trainer.diverged()
            return
        yield EpochEnded(list(trainer.rows), trainer.checkpoint())
    yield trainer.finished()


class Trainer:
    """The state of one run: all of it goes into a checkpoint, and all of it comes back from one."""

    def __init__(self, run: Run, device: str) -> None:
        self.run, self.device = run, device
        self.task = Task.of(run.model, run.data)
        self.model: Denoiser = build_denoiser(run.model, run.seed).to(device)
        self.optimiser, self.schedule = make_optimiser(run.training, self.model)
        self.average = make_average(run.training, self.model)
        self.rows: list[Row] = []
        self.best: Weights = {}

    @property
    def judged(self) -> nn.Module:
        """The network that is evaluated and kept: the one that is trained, or the average of its weights."""
        return self.model if self.average is None else self.average.module

    def advance(self) -> bool:
        """One epoch of steps and its validation; False if the loss was not finite."""
        started = time.perf_counter()
        loss = self.steps(epoch=len(self.rows))
        seconds = time.perf_counter() - started
        if not math.isfinite(loss):
            return False
        self.judged.eval()
        scores = evaluate(self.judged, self.task, "validation", self.run.data.validation, self.device).scores
        if not math.isfinite(scores["mse"]):
            return False
        if all(scores["mse"] < row["val/mse"] for row in self.rows):
            self.best = _copy(self.judged)
        self.rows.append(
            {
                "epoch": len(self.rows) + 1,
                "time": time.time(),
                "train/loss": loss,
                **named("val", scores),
                "time/seconds": seconds,
                "time/images_per_second": self.run.training.scenes / seconds,
            }
        )
        return True

    def steps(self, epoch: int) -> float:
        """Train on the epoch's scenes; the mean loss over them."""
        config = self.run.training
        loss_of = LOSSES[config.loss]
        self.model.train()
        total = torch.zeros((), device=self.device)
        for start in range(0, config.scenes, config.batch):
            count = min(config.batch, config.scenes - start)
            noisy, clean = make_scenes(count, self.run.seed, epoch=epoch, start=start, task=self.task)
            noisy, clean = noisy.to(self.device), clean.to(self.device)
            with torch.autocast(torch.device(self.device).type, torch.bfloat16, enabled=config.precision == "bfloat16"):
                loss = loss_of(self.model(noisy), clean)
            self.optimiser.zero_grad()
            loss.backward()
            self.optimiser.step()
            self.schedule.step()
            if self.average is not None:
                self.average.update_parameters(self.model)
            total += loss.detach() * count
        return float(total) / config.scenes

    def checkpoint(self) -> bytes:
        """Everything that the rest of the training depends on."""
        buffer = io.BytesIO()
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "schedule": self.schedule.state_dict(),
            "average": None if self.average is None else self.average.state_dict(),
            "best": self.best,
            "rows": self.rows,
        }
        torch.save(state, buffer)
        return buffer.getvalue()

    def restore(self, checkpoint: bytes) -> None:
        """Take up the state of `checkpoint`; only tensors and plain values are ever loaded."""
        state = torch.load(io.BytesIO(checkpoint), map_location=self.device, weights_only=True)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.schedule.load_state_dict(state["schedule"])
        if self.average is not None:
            self.average.load_state_dict(state["average"])
        self.best, self.rows = state["best"], state["rows"]

    def diverged(self) -> Ended:
        """The end of a run whose loss was not finite: no scores, the weights of its best epoch if it had one."""
        return self._ended("diverged", {**self._facts(), "diverged/epoch": len(self.rows) + 1}, arrays=b"")

    def finished(self) -> Ended:
        """The end of a run that saw all its epochs: scores of the last and of the best weights."""
        last = self._test()
        self.judged.load_state_dict(self.best)
        best = self._test()
        nothing = score_nothing(self.task, self.run.data.test)
        results = {
            **named("test", best.scores, nothing),
            **named("last", last.scores, nothing),
            "test/mse_sem": float(best.image_mse.std() / math.sqrt(len(best.image_mse))),
            **self._facts(),
        }
        useful = results["test/psnr"] >= results["zero/psnr"]  # False, too, for what is no number
        arrays = _bytes({"test_mse": best.image_mse, **self._shown()})
        return self._ended("finished" if useful else "diverged", results, arrays)

    def _ended(self, status: Literal["finished", "diverged"], results: dict[str, float], arrays: bytes) -> Ended:
        """The last event; a score that is not finite (a task without any noise has an infinite PSNR) is left out."""
        finite = {name: value for name, value in results.items() if math.isfinite(value)}
        return Ended(status, finite, _bytes(self.best), arrays, environment(self.device), list(self.rows))

    def _test(self) -> Evaluation:
        self.judged.eval()
        return evaluate(self.judged, self.task, "test", self.run.data.test, self.device)

    def _facts(self) -> dict[str, float]:
        """What is known of a run even if it diverged."""
        errors = [row["val/mse"] for row in self.rows]
        return {
            **baselines(self.task, self.run.data.test),
            "best/epoch": errors.index(min(errors)) + 1 if errors else 0,
            "cost/parameters": count_parameters(self.run.model),
            "cost/flops": count_flops(self.run.model),
            "cost/train_seconds": sum(row["time/seconds"] for row in self.rows),
        }

    @torch.no_grad()
    def _shown(self) -> Weights:
        """The first test scenes and what the best weights make of them; half precision is enough to look at."""
        noisy, clean = make_scenes(min(SHOWN, self.run.data.test), split="test", task=self.task)
        denoised = self.judged(noisy.to(self.device)).cpu()
        return {name: x.half() for name, x in (("noisy", noisy), ("clean", clean), ("denoised", denoised))}


def _copy(model: nn.Module) -> Weights:
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def _bytes(tensors: Weights) -> bytes:
    return safetensors.torch.save({name: value.cpu().contiguous() for name, value in tensors.items()})
