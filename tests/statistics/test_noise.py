"""The trend at the end of a training, against scipy and against a truth that is known."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from ablate.statistics.noise import LAST_EPOCHS, MIN_EPOCHS, end_trend

RNG = np.random.default_rng(0)


@pytest.mark.parametrize(("epochs", "fitted"), [(30, LAST_EPOCHS), (24, LAST_EPOCHS), (10, 5), (8, MIN_EPOCHS)])
def test_the_trend_of_a_run_is_scipys_line_through_its_last_epochs(epochs: int, fitted: int) -> None:
    curve = RNG.normal(27, 1, epochs)
    found = end_trend([curve])
    line = stats.linregress(np.arange(fitted), curve[-fitted:])
    rest = curve[-fitted:] - line.intercept - line.slope * np.arange(fitted)
    assert found
    assert found.epochs == fitted
    assert found.slope == pytest.approx(line.slope)
    assert found.scatter == pytest.approx(math.sqrt(np.sum(rest**2) / (fitted - 2)))
    assert math.isnan(found.error)


def test_several_runs_are_averaged_with_the_standard_error_of_their_slopes() -> None:
    curves = RNG.normal(27, 1, (5, 30))
    alone = [end_trend([curve]) for curve in curves]
    found = end_trend(curves)
    slopes, scatters = zip(*[(one.slope, one.scatter) for one in alone if one], strict=True)
    assert found
    assert found.slope == pytest.approx(np.mean(slopes))
    assert found.error == pytest.approx(stats.sem(slopes))
    assert found.scatter == pytest.approx(math.sqrt(np.mean(np.square(scatters))))


def test_scatter_and_slope_are_those_of_the_truth() -> None:
    """2,000 runs that improve by 0.1 dB per epoch, with a scatter of 0.5 dB."""
    curves = 27 + 0.1 * np.arange(30) + RNG.normal(0, 0.5, (2000, 30))
    found = end_trend(curves)
    assert found
    assert found.slope == pytest.approx(0.1, abs=4 * found.error)
    assert found.scatter == pytest.approx(0.5, abs=0.01)


@given(st.floats(-5, 5), st.floats(-50, 50), st.integers(2 * MIN_EPOCHS, 40))
def test_a_straight_line_has_no_scatter(slope: float, start: float, epochs: int) -> None:
    found = end_trend([start + slope * np.arange(epochs)])
    assert found
    assert (found.slope, found.scatter) == pytest.approx((slope, 0), abs=1e-9)


@pytest.mark.parametrize("curves", [np.zeros((0, 30)), np.zeros((3, 2 * MIN_EPOCHS - 1)), np.zeros((3, 0))])
def test_without_runs_or_with_few_epochs_there_is_no_trend(curves: np.ndarray) -> None:
    assert end_trend(curves) is None
