"""Every metric's name, unit and direction, in one table that knows no torch.

MSE is pooled over all pixels of all images of a set. PSNR is 10 log10(1 / MSE) of that pooled MSE: it is not the mean
of the images' own PSNRs, which is another and larger number. SSIM is the mean over images. All take 1 as the range.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Metric:
    """What a column of numbers means; `judged` ones can decide a study, `relative` ones also across tasks."""

    name: str
    unit: str
    higher_is_better: bool
    description: str
    judged: bool = False
    relative: bool = False

    @property
    def sign(self) -> int:
        """+1 if more is better, else -1: multiplied by it, up is always good."""
        return 1 if self.higher_is_better else -1

    @property
    def digits(self) -> int:
        """Decimals that are worth printing."""
        if self.name.endswith("mse"):
            return 5
        return {"dB": 2, "": 4}.get(self.unit, 0)


def _scores(prefix: str, what: str, *, judged: bool) -> list[Metric]:
    """The four scores of one set of images."""
    return [
        Metric(f"{prefix}/mse", "", False, f"mean squared error {what}", judged),
        Metric(f"{prefix}/psnr", "dB", True, f"PSNR of the pooled MSE {what}", judged),
        Metric(f"{prefix}/ssim", "", True, f"structural similarity {what}", judged),
        Metric(f"{prefix}/gain", "dB", True, f"PSNR above that of doing nothing {what}", judged, relative=judged),
    ]


EPOCH_METRICS: tuple[Metric, ...] = (
    Metric("train/loss", "", False, "training loss, mean over the epoch's batches"),
    Metric("val/mse", "", False, "mean squared error on the validation scenes"),
    Metric("val/psnr", "dB", True, "PSNR of the pooled MSE on the validation scenes"),
    Metric("val/ssim", "", True, "structural similarity on the validation scenes"),
    Metric("time/seconds", "s", False, "seconds of the epoch's training steps"),
    Metric("time/images_per_second", "images/s", True, "training scenes per second, their making included"),
)

RESULT_METRICS: tuple[Metric, ...] = (
    *_scores("test", "on the test scenes, weights of the epoch with the lowest validation MSE", judged=True),
    *_scores("last", "on the test scenes, weights of the last epoch", judged=True),
    *_scores("nothing", "on the test scenes, of the input itself: doing nothing", judged=False),
    *_scores("zero", "on the test scenes, of answering zero everywhere", judged=False),
    Metric("test/mse_sem", "", False, "standard error of test/mse over the test images"),
    Metric("best/epoch", "epoch", False, "epoch with the lowest validation MSE, from 1"),
    Metric("diverged/epoch", "epoch", False, "epoch whose loss was not finite, from 1; none where all were"),
    Metric("cost/parameters", "", False, "trainable parameters"),
    Metric("cost/flops", "", False, "forward FLOPs per image, a multiply-add counted as two"),
    Metric("cost/train_seconds", "s", False, "seconds of all training steps, evaluation not included"),
)

METRICS: dict[str, Metric] = {metric.name: metric for metric in EPOCH_METRICS + RESULT_METRICS}

JUDGED: tuple[str, ...] = tuple(metric.name for metric in METRICS.values() if metric.judged)
