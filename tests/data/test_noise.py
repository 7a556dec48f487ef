"""Each noise against the mean and the variance of its closed form, at several clean values."""

from collections.abc import Callable
from typing import Any, get_args

import numpy as np
import pytest

from ablate.data.noise import NOISES, add_noise
from ablate.data.sources import make_pairs
from ablate.data.task import Images, Task
from ablate.data_settings import DataConfig, NoiseName
from ablate.overrides import resolve

VALUES = (0.0, 0.2, 0.7, 1.0)
COUNT, SIDE = 50, 64
Moment = Callable[[float], float]

FORMS: list[tuple[dict[str, Any], Moment, Moment]] = [
    ({"data.noise": ["gaussian"], "data.gaussian.sigma": 25}, lambda x: x, lambda x: (25 / 255) ** 2),
    (
        {"data.noise": ["gaussian"], "data.gaussian.sigma": [10, 50]},
        lambda x: x,
        lambda x: (10**2 + 10 * 50 + 50**2) / 3 / 255**2,
    ),
    ({"data.noise": ["poisson"], "data.poisson.photons": 12.5}, lambda x: x, lambda x: x / 12.5),
    (
        {"data.noise": ["salt_and_pepper"], "data.salt_and_pepper.share": 0.1},
        lambda x: 0.9 * x + 0.05,
        lambda x: 0.9 * x**2 + 0.05 - (0.9 * x + 0.05) ** 2,
    ),
    ({"data.noise": ["speckle"], "data.speckle.sigma": 0.3}, lambda x: x, lambda x: (0.3 * x) ** 2),
    (
        {"data.noise": ["speckle", "gaussian"], "data.speckle.sigma": 0.3},
        lambda x: x,
        lambda x: (0.3 * x) ** 2 + (25 / 255) ** 2,
    ),
]


def noisy(settings: dict[str, Any], value: float, channels: int = 1, count: int = COUNT) -> Any:
    images = Images("test", 0, count)
    clean = np.full((count, channels, SIDE, SIDE), value, np.float32)
    return add_noise(clean, images.channel_generators(channels), resolve(settings).data)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(("settings", "mean", "variance"), FORMS, ids=range(len(FORMS)))
def test_noise_has_the_mean_and_the_variance_of_its_closed_form(
    settings: dict[str, Any], mean: Moment, variance: Moment, value: float
) -> None:
    found = noisy(settings, value).astype(np.float64)
    errors = np.array([[image.mean(), image.var()] for image in found]).std(axis=0) / np.sqrt(COUNT)
    assert abs(found.mean() - mean(value)) <= 5 * errors[0] + 1e-6
    assert abs(found.var() - variance(value)) <= 5 * errors[1] + 1e-6


def test_noises_are_the_choices_of_the_settings() -> None:
    assert tuple(NOISES) == get_args(get_args(NoiseName)[0])


def test_rectangles_on_a_picture_are_those_of_the_settings() -> None:
    found = noisy({"data.noise": ["rectangles"], "data.noisy.density": 0.0, "data.filled.value": [0.25, 0.25]}, 0.5)
    assert {round(float(value) * 4) / 4 for value in np.unique(found)} >= {0.5, 0.75}
    np.testing.assert_allclose(found * 4, np.rint(found * 4), atol=1e-5)


@pytest.mark.parametrize("clip", [False, True])
def test_values_beyond_the_range_are_clipped_only_on_request(clip: bool) -> None:
    found = noisy({"data.noise": ["gaussian"], "data.gaussian.sigma": 100, "data.clip": clip}, 0.5)
    assert (found.min() >= 0 and found.max() <= 1) == clip


@pytest.mark.parametrize("name", NOISES)
def test_an_image_does_not_depend_on_the_others_and_begins_with_those_of_one_channel(name: str) -> None:
    three = noisy({"data.noise": [name]}, 0.5, channels=3, count=4)
    np.testing.assert_array_equal(three[:2], noisy({"data.noise": [name]}, 0.5, channels=3, count=2))
    np.testing.assert_array_equal(three[:, :1], noisy({"data.noise": [name]}, 0.5, count=4))


def test_noises_are_applied_in_the_order_of_the_settings() -> None:
    names = ["salt_and_pepper", "gaussian"]
    last = noisy({"data.noise": names[::-1], "data.salt_and_pepper.share": 1.0}, 0.5)
    first = noisy({"data.noise": names, "data.salt_and_pepper.share": 1.0}, 0.5)
    assert set(np.unique(last)) == {0, 1}
    assert len(np.unique(first)) > 1000


def test_scenes_can_have_another_noise_on_the_same_cells() -> None:
    usual, other = (make_pairs(4, task=Task(data)) for data in (DataConfig(), DataConfig(noise=("gaussian",))))
    np.testing.assert_array_equal(usual[1], other[1])
    assert np.std(other[0] - other[1]) == pytest.approx(25 / 255, rel=0.02)
