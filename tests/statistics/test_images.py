"""The standard error of a difference over the test images, against bootstraps over the images by scipy."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from scipy import stats

from ablate.statistics.images import image_error, image_influence
from ablate.training.evaluation import standard_error

SEEDS, IMAGES = 3, 400


def errors() -> tuple[np.ndarray, np.ndarray]:
    """The errors of two arms (seeds, images) each: some images are hard for both, and one arm has 10% less error."""
    rng = np.random.default_rng(4)
    hard = rng.gamma(1.0, 0.002, IMAGES)
    arm, reference = hard * rng.gamma(30, 1 / 30, (2, SEEDS, IMAGES))
    return 0.9 * arm, reference


def bootstrap(statistic: Callable[..., np.ndarray], *samples: np.ndarray) -> float:
    """The standard error of a statistic by drawing images, the same ones for all samples."""
    found = stats.bootstrap(samples, statistic, paired=True, n_resamples=4000, method="basic", rng=1)
    return float(found.standard_error)


@pytest.mark.parametrize("in_decibels", [True, False])
def test_the_error_of_a_difference_is_that_of_drawing_images(in_decibels: bool) -> None:
    arm, reference = (values[0] for values in errors())

    def score(values: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(-10 * np.log10(values.mean(axis)) if in_decibels else values.mean(axis))

    expected = bootstrap(lambda x, y, axis: score(x, axis) - score(y, axis), arm, reference)
    influences = [image_influence(values, in_decibels=in_decibels) for values in (arm, reference)]
    assert image_error(influences[0] - influences[1]) == pytest.approx(expected, rel=0.06)
    assert image_error(influences[0]) > 2 * expected  # the images are the same: that of one score says little


def test_the_error_of_a_mean_over_seeds_is_that_of_drawing_images() -> None:
    arms, references = errors()

    def mean_difference(*values: np.ndarray, axis: int) -> np.ndarray:
        scores = [-10 * np.log10(sample.mean(axis)) for sample in values]
        return np.asarray(np.mean(scores[:SEEDS], axis=0) - np.mean(scores[SEEDS:], axis=0))

    expected = bootstrap(mean_difference, *arms, *references)
    pairs = zip(arms, references, strict=True)
    by_seed = [image_influence(a, in_decibels=True) - image_influence(r, in_decibels=True) for a, r in pairs]
    assert image_error(np.mean(by_seed, axis=0)) == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("files", [None, 7, 400, 1000])
def test_the_error_of_a_mean_error_is_that_of_the_run(files: int | None) -> None:
    values = errors()[0][0]
    expected = standard_error(torch.from_numpy(values), files)
    assert image_error(image_influence(values, in_decibels=False), files) == pytest.approx(expected)


@pytest.mark.parametrize(("count", "files"), [(1, None), (6, 1)])
def test_a_single_image_or_file_says_nothing(count: int, files: int | None) -> None:
    assert math.isnan(image_error(np.arange(count), files))
