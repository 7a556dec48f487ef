"""How much a difference would change on other test images, by the delta method.

The arms of a comparison are scored on the same test images, seed by seed. So an image that is hard for both leaves
their difference unchanged, and the standard error of the difference can be far below those of the two scores.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def image_influence(errors: ArrayLike, *, in_decibels: bool) -> NDArray[np.float64]:
    """By how much each image moves a score that is the mean error over the images, or -10 log10 of it.

    It is the influence function of the score (Efron and Tibshirani 1993, "An introduction to the bootstrap", 21): the
    score of other images differs by about the mean of their influences. That of a difference, or of a mean over seeds,
    is the difference, or the mean, of the influences.

    Args:
        errors: the mean squared error of each image (N,).
        in_decibels: whether the score is the PSNR of the mean error, or the mean error itself.

    >>> image_influence([1.0, 2.0, 3.0], in_decibels=False)
    array([-1.,  0.,  1.])
    >>> image_influence([1.0, 2.0, 3.0], in_decibels=True).round(2)
    array([ 2.17, -0.  , -2.17])
    """
    found = np.asarray(errors, np.float64)
    mean = found.mean()
    centred = found - mean
    return np.asarray(-10 / math.log(10) * centred / mean if in_decibels else centred)


def image_error(influence: ArrayLike, files: int | None = None) -> float:
    """The standard error over the images of a score with these influences (N,); NaN for a single image or file.

    Args:
        files: how many files the images are from, in turn, for images that are not independent of each other: the error
            is then that over the files. None if each image is independent of the others.

    >>> round(image_error([-1.0, 0.0, 1.0]), 3)
    0.577
    """
    found = np.asarray(influence, np.float64)
    if files is not None:
        found = np.array([found[file::files].mean() for file in range(min(files, len(found)))])
    return float(found.std(ddof=1) / math.sqrt(len(found))) if len(found) > 1 else math.nan
