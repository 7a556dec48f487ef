"""Every metric's name, unit and direction, in one table that imports no torch. A new score is one entry of `SCORES`.

MSE and MAE are pooled over all pixels of all images of a set. PSNR is 10 log10(1 / MSE) of that pooled MSE: it is not
the mean of the images' own PSNRs, which is another and larger number. SSIM is the mean over images. All take 1 as the
range.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torchmetrics import Metric as TorchMetric


@dataclass(frozen=True)
class Score:
    """What is measured, whatever it is measured on.

    Attributes:
        digits: decimals that are worth printing.
        make: makes the torchmetrics metric that computes it from (denoised, clean), each (B, C, H, W).
        above_nothing: the name of another score, if this one is by how much that exceeds the score of doing nothing.
            What has neither is not computed from images: the training reports it.
    """

    name: str
    unit: str
    higher_is_better: bool
    digits: int
    description: str
    make: Callable[[], TorchMetric] | None = None
    above_nothing: str | None = None


def _torchmetrics() -> ModuleType:
    import torchmetrics.image  # here, since it imports torch

    return torchmetrics


SCORES: tuple[Score, ...] = (
    Score("mse", "", False, 5, "mean squared error", make=lambda: _torchmetrics().MeanSquaredError()),
    Score(
        name="psnr",
        unit="dB",
        higher_is_better=True,
        digits=2,
        description="PSNR of the pooled MSE",
        make=lambda: _torchmetrics().image.PeakSignalNoiseRatio(data_range=1.0),
    ),
    Score(
        name="ssim",
        unit="",
        higher_is_better=True,
        digits=4,
        description="structural similarity",
        make=lambda: _torchmetrics().image.StructuralSimilarityIndexMeasure(data_range=1.0),
    ),
    Score("gain", "dB", True, 2, "PSNR above that of doing nothing", above_nothing="psnr"),
    Score("mae", "", False, 4, "mean absolute error", make=lambda: _torchmetrics().MeanAbsoluteError()),
)
"""How good images are, in the order of columns."""


@dataclass(frozen=True)
class Metric:
    """A score and what it is taken of (`kind`), named `kind/score`: what a column of numbers means.

    Attributes:
        kind: the part of the name before the slash.
        where: what the description adds to that of the score.
        judged: whether it can decide a study.
    """

    kind: str
    score: Score
    where: str = ""
    judged: bool = False

    @property
    def name(self) -> str:
        """`test/psnr`."""
        return f"{self.kind}/{self.score.name}"

    @property
    def unit(self) -> str:
        """The score's; nothing where it has none."""
        return self.score.unit

    @property
    def higher_is_better(self) -> bool:
        """Whether more is better."""
        return self.score.higher_is_better

    @property
    def digits(self) -> int:
        """Decimals that are worth printing."""
        return self.score.digits

    @property
    def description(self) -> str:
        """What it means, in words."""
        return f"{self.score.description} {self.where}".rstrip()

    @property
    def sign(self) -> int:
        """+1 if more is better, else -1: multiplied by it, up is always good."""
        return 1 if self.higher_is_better else -1

    @property
    def relative(self) -> bool:
        """Whether it decides also between different tasks: it is relative to doing nothing in the same task."""
        return self.judged and self.score.above_nothing is not None

    def at(self, kind: str) -> Metric:
        """The same score at another kind: that of `test/psnr` at `last` is `last/psnr`.

        Raises:
            ValueError: that kind does not have this score.
        """
        return _metric(kind, self.score.name)

    @property
    def gain(self) -> Metric:
        """The gain in dB over doing nothing, at the same kind.

        Raises:
            ValueError: there is no gain at this kind.
        """
        return _metric(self.kind, "gain")

    @property
    def validation(self) -> Metric | None:
        """The same score on the validation scenes; None if it is not computed there."""
        return METRICS.get(f"val/{self.score.name}")


def _metric(kind: str, score: str) -> Metric:
    found = METRICS.get(f"{kind}/{score}")
    if found is None:
        kinds = ", ".join(metric.kind for metric in METRICS.values() if metric.score.name == score)
        raise ValueError(f"there is no metric '{kind}/{score}'; allowed for {score}: {kinds}")
    return found


def _of(kind: str, where: str, *, judged: bool = False) -> list[Metric]:
    """Each score of one set of test images."""
    return [Metric(kind, score, where, judged) for score in SCORES]


EPOCH_METRICS: tuple[Metric, ...] = (
    Metric("train", Score("loss", "", False, 4, "training loss, mean over the epoch's batches")),
    *(Metric("val", score, "on the validation scenes") for score in SCORES if score.make),
    Metric("time", Score("seconds", "s", False, 0, "seconds of the epoch's training steps")),
    Metric(
        "time", Score("images_per_second", "images/s", True, 0, "training scenes per second, their making included")
    ),
)

RESULT_METRICS: tuple[Metric, ...] = (
    *_of("test", "on the test scenes, weights of the epoch with the lowest validation MSE", judged=True),
    *_of("last", "on the test scenes, weights of the last epoch", judged=True),
    *_of("nothing", "on the test scenes, of the input itself: doing nothing"),
    *_of("zero", "on the test scenes, of answering zero everywhere"),
    Metric("test", Score("mse_sem", "", False, 4, "standard error of test/mse over the test images")),
    Metric("best", Score("epoch", "epoch", False, 0, "epoch with the lowest validation MSE, from 1")),
    Metric(
        "diverged", Score("epoch", "epoch", False, 0, "epoch whose loss was not finite, from 1; none where all were")
    ),
    Metric("cost", Score("parameters", "", False, 4, "trainable parameters")),
    Metric("cost", Score("flops", "", False, 4, "forward FLOPs per image, a multiply-add counted as two")),
    Metric("cost", Score("train_seconds", "s", False, 0, "seconds of all training steps, evaluation not included")),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in EPOCH_METRICS + RESULT_METRICS}

JUDGED: tuple[str, ...] = tuple(metric.name for metric in METRICS.values() if metric.judged)
"""The names of what can decide a study."""

FOLLOWED: tuple[str, ...] = tuple(metric.name for metric in EPOCH_METRICS if metric.score in SCORES)
"""The names of what can decide a search: never a test score, since to choose by the test scenes spoils the test."""
