"""The name, unit and direction of every metric, in one table that does not import torch.

To add a score, add one entry to `SCORES`.

The score of a set is the mean over its images, which are all of one size, so MSE and MAE are pooled over all pixels.
PSNR is 10 log10(1 / MSE) of that pooled MSE. It is not the mean of the PSNRs of the images, which is larger. SSIM is
that of Wang et al. (2004), with their Gaussian window and with reflected edges. All assume a data range of 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

SSIM_EDGE = 5
"""Half the width of SSIM's window, in pixels."""


MAX_IMAGE_PSNR = 100.0
"""The highest PSNR in dB of a single image: that of a perfect one is infinite, and so would the mean over images be."""


@dataclass(frozen=True)
class Score:
    """A quantity that is measured, independent of the images on which it is measured.

    A score with neither `of_images` nor `above_nothing` is not computed from images: the training loop reports it.

    Attributes:
        digits: decimals that are worth printing.
        of_images: computes it for each image, (B,), from (denoised, clean), each (B, C, H, W).
        of_mean: turns the mean over all images into the score of the set, if that is not the mean itself.
        above_nothing: the name of another score; this one is then the difference between that score and the score of
            doing nothing.
    """

    name: str
    unit: str
    higher_is_better: bool
    digits: int
    description: str
    of_images: Callable[[Tensor, Tensor], Tensor] | None = None
    of_mean: Callable[[float], float] = float
    above_nothing: str | None = None


def squared_error(denoised_BCHW: Tensor, clean_BCHW: Tensor) -> Tensor:
    """The mean squared error of each image: (B, C, H, W) twice -> (B,)."""
    return (denoised_BCHW - clean_BCHW).square().mean(dim=(1, 2, 3))


def image_psnr(denoised_BCHW: Tensor, clean_BCHW: Tensor) -> Tensor:
    """The PSNR of each image in dB: (B, C, H, W) twice -> (B,), at most the limit, as for a perfect image."""
    return -10 * squared_error(denoised_BCHW, clean_BCHW).clamp(min=10 ** (-MAX_IMAGE_PSNR / 10)).log10()


def absolute_error(denoised_BCHW: Tensor, clean_BCHW: Tensor) -> Tensor:
    """The mean absolute error of each image: (B, C, H, W) twice -> (B,)."""
    return (denoised_BCHW - clean_BCHW).abs().mean(dim=(1, 2, 3))


def structural_similarity(denoised_BCHW: Tensor, clean_BCHW: Tensor) -> Tensor:
    """The SSIM of each image: (B, C, H, W) twice -> (B,). Edges are reflected, so every pixel has a full window."""
    from pytorch_msssim import ssim  # not at the top of the file, since it imports torch
    from torch.nn.functional import pad

    padded = (pad(image_BCHW, (SSIM_EDGE,) * 4, mode="reflect") for image_BCHW in (denoised_BCHW, clean_BCHW))
    similarity: Tensor = ssim(*padded, data_range=1.0, size_average=False)
    return similarity


def psnr(mse: float) -> float:
    """The PSNR in dB of a mean squared error; infinite for a perfect image.

    >>> psnr(0.01)
    20.0
    """
    return -10 * math.log10(mse) if mse else math.inf


SCORES: tuple[Score, ...] = (
    Score("mse", "", False, 5, "mean squared error", of_images=squared_error),
    Score(
        name="psnr",
        unit="dB",
        higher_is_better=True,
        digits=2,
        description="PSNR of the pooled MSE",
        of_images=squared_error,
        of_mean=psnr,
    ),
    Score(
        name="ssim",
        unit="",
        higher_is_better=True,
        digits=4,
        description="structural similarity",
        of_images=structural_similarity,
    ),
    Score("gain", "dB", True, 2, "PSNR minus that of doing nothing", above_nothing="psnr"),
    Score("mae", "", False, 4, "mean absolute error", of_images=absolute_error),
    Score("psnr_images", "dB", True, 2, "mean of the images' PSNRs (each at most 100)", of_images=image_psnr),
)
"""The scores of images, in the order of the columns of tables."""


@dataclass(frozen=True)
class Metric:
    """A score of one kind of images or weights, named `kind/score`, e.g. `test/psnr`.

    Attributes:
        kind: the part of the name before the slash.
        where: added to the description of the score: on which images, with which weights.
        decides_studies: whether a study can be decided by it.
    """

    kind: str
    score: Score
    where: str = ""
    decides_studies: bool = False

    @property
    def name(self) -> str:
        """The full name, e.g. `test/psnr`; a score of somebody else's runs has no kind."""
        return f"{self.kind}/{self.score.name}" if self.kind else self.score.name

    @property
    def is_ours(self) -> bool:
        """Whether it is one of `METRICS`, so that the same score of other weights and of doing nothing is known."""
        return self.name in METRICS

    @property
    def unit(self) -> str:
        """The unit of the score; empty for a number without a unit."""
        return self.score.unit

    @property
    def higher_is_better(self) -> bool:
        """Whether a higher value is better."""
        return self.score.higher_is_better

    @property
    def digits(self) -> int:
        """Decimals that are worth printing."""
        return self.score.digits

    @property
    def description(self) -> str:
        """Its meaning in words."""
        return f"{self.score.description} {self.where}".rstrip()

    @property
    def sign(self) -> int:
        """+1 if higher is better, else -1: multiplied by the sign, higher is always better."""
        return 1 if self.higher_is_better else -1

    @property
    def is_relative(self) -> bool:
        """Whether it can compare runs of different tasks, since it is relative to doing nothing in the same task."""
        return self.decides_studies and self.score.above_nothing is not None

    def at(self, kind: str) -> Metric:
        """The same score of another kind.

        Raises:
            ValueError: that kind does not have this score.

        >>> METRICS["test/psnr"].at("last").name
        'last/psnr'
        """
        return _metric(kind, self.score.name)

    @property
    def gain(self) -> Metric:
        """The gain in dB over doing nothing, of the same kind.

        Raises:
            ValueError: this kind does not have a gain.
        """
        return _metric(self.kind, "gain")

    @property
    def followed(self) -> Metric:
        """The validation score by which a training is followed: the same score, or for the gain its PSNR."""
        return self.validation or METRICS["val/psnr"]

    @property
    def validation(self) -> Metric | None:
        """The same score on the validation scenes; None if it is not computed there."""
        return METRICS.get(f"val/{self.score.name}")


def _metric(kind: str, score: str) -> Metric:
    found = METRICS.get(f"{kind}/{score}")
    if found is None:
        kinds = ", ".join(metric.kind for metric in METRICS.values() if metric.score.name == score)
        raise ValueError(f"unknown metric '{kind}/{score}'; allowed for {score}: {kinds}")
    return found


def _scores(kind: str, where: str, *, decides_studies: bool = False) -> list[Metric]:
    """A metric of this kind for each score."""
    return [Metric(kind, score, where, decides_studies) for score in SCORES]


EPOCH_METRICS: tuple[Metric, ...] = (
    Metric("train", Score("loss", "", False, 4, "training loss, mean over the epoch's batches")),
    *(Metric("val", score, "on the validation scenes") for score in SCORES if score.of_images),
    Metric("time", Score("seconds", "s", False, 0, "seconds of the epoch's training steps and of precise statistics")),
    Metric("time", Score("images_per_second", "images/s", True, 0, "training scenes per second, making them included")),
)

RESULT_METRICS: tuple[Metric, ...] = (
    *_scores("test", "on the test scenes, weights of the epoch with the lowest validation MSE", decides_studies=True),
    *_scores("last", "on the test scenes, weights of the last epoch", decides_studies=True),
    *_scores("nothing", "on the test scenes, of the input itself: doing nothing"),
    *_scores("zero", "on the test scenes, of predicting zero everywhere (pictures: the mean of the training pictures)"),
    Metric("test", Score("mse_sem", "", False, 4, "standard error of test/mse over the test images")),
    Metric("best", Score("epoch", "epoch", False, 0, "epoch with the lowest validation MSE, from 1")),
    Metric(
        "diverged", Score("epoch", "epoch", False, 0, "epoch whose loss was not finite, from 1; missing if all were")
    ),
    Metric("cost", Score("parameters", "", False, 4, "trainable parameters")),
    Metric("cost", Score("flops", "", False, 4, "forward FLOPs per image, a multiply-add counted as two")),
    Metric("cost", Score("train_seconds", "s", False, 0, "seconds of all training steps, evaluation not included")),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in EPOCH_METRICS + RESULT_METRICS}

STUDY_METRICS: tuple[str, ...] = tuple(metric.name for metric in METRICS.values() if metric.decides_studies)
"""The names of the metrics that can decide a study."""

SEARCH_METRICS: tuple[str, ...] = tuple(metric.name for metric in EPOCH_METRICS if metric.score in SCORES)
"""The names of the metrics that can decide a search.

They are validation scores: choosing settings by test scores would make the test scores of the choice too good.
"""
