"""How much a score varies within a run, and whether it still changes at the end of training."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

LAST_EPOCHS = 12
"""Epochs over which the trend at the end of a training is measured; half of the epochs of a shorter one."""

MIN_EPOCHS = 4
"""The fewest epochs to which a line is fitted."""


@dataclass(frozen=True)
class Trend:
    """The trend of a score over the last epochs of some runs.

    Attributes:
        slope: mean change per epoch.
        error: standard error of that mean over the runs; NaN for a single run.
        scatter: standard deviation of a run's score about its own line, the root of the mean variance over the runs.
        epochs: over how many epochs.
    """

    slope: float
    error: float
    scatter: float
    epochs: int


def end_trend(curves: ArrayLike) -> Trend | None:
    """The trend at the end of training: a line through the last epochs of each run, by least squares.

    Args:
        curves: scores (runs, epochs).

    Returns:
        None without runs, or with fewer than `MIN_EPOCHS` epochs to fit.

    >>> trend = end_trend([[20, 21, 22, 23, 24, 25, 26.2, 26.8]])
    >>> trend.epochs, round(trend.slope, 2), round(trend.scatter, 2)
    (4, 0.96, 0.19)
    """
    curves = np.atleast_2d(np.asarray(curves, float))
    epochs = min(LAST_EPOCHS, curves.shape[1] // 2)
    if not len(curves) or epochs < MIN_EPOCHS:
        return None
    last = curves[:, -epochs:]
    places = np.arange(epochs) - (epochs - 1) / 2
    slopes, means = np.polyfit(places, last.T, 1)
    rest = last - means[:, None] - slopes[:, None] * places
    variances = (rest**2).sum(axis=1) / (epochs - 2)  # a line has two parameters
    error = float(slopes.std(ddof=1) / math.sqrt(len(slopes))) if len(slopes) > 1 else math.nan
    return Trend(float(slopes.mean()), error, math.sqrt(float(variances.mean())), epochs)
