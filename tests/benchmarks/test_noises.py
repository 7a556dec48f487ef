"""The noises of the simulations have the means, spreads and shapes that their descriptions state."""

import numpy as np
import pytest
from scipy import stats

from benchmarks.noises import NOISES, SKEWED_SD, Noise, resampled
from benchmarks.recorded import recorded_scores


def drawn(noise: Noise, studies: int = 40_000, seeds: int = 2) -> np.ndarray:
    return noise.draw(np.random.default_rng(0), (studies, noise.arms[0], seeds))


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: noise.name)
def test_every_arm_has_a_mean_of_zero(noise: Noise) -> None:
    per_study = drawn(noise).mean(axis=-1)
    error = per_study.std(axis=0) / np.sqrt(len(per_study))
    assert np.all(np.abs(per_study.mean(axis=0)) < 4.5 * error)


@pytest.mark.parametrize("name", ["skewness 1, every arm", "skewness 2, every arm", "skewness 2, one arm"])
def test_skewed_noise_has_its_skewness_and_its_spread(name: str) -> None:
    noise = next(noise for noise in NOISES if noise.name == name)
    scores = drawn(noise)
    assert stats.skew(scores[:, 1].ravel()) == pytest.approx(-float(name.split()[1].rstrip(",")), rel=0.1)
    assert (scores[:, 1] - scores[:, 0]).std() == pytest.approx(SKEWED_SD, rel=0.02)


def test_a_resampling_has_the_covariance_of_the_recorded_scores() -> None:
    """Silverman's smoothing adds no spread; n seeds have (n - 1) / n of the variance that they estimate."""
    scores = recorded_scores("depth", "depth=12")
    found = np.cov(resampled(scores)(np.random.default_rng(0), (100_000, 5, 1))[..., 0].T)
    smoothing = 0.25**2
    expected = np.cov(scores.T) * (11 / 12 + smoothing) / (1 + smoothing)
    assert found == pytest.approx(expected, rel=0.03, abs=0.02)


def test_a_recorded_table_has_the_reference_first() -> None:
    assert recorded_scores("heads", "heads=4").shape == (12, 6)
    assert not np.isnan(recorded_scores("heads", "heads=4")).any()


def test_a_table_of_quiet_runs_has_the_arms_with_all_seeds() -> None:
    assert recorded_scores("heads", "heads=4", "quiet").shape == (8, 5)
    assert recorded_scores("depth", "depth=12", "quiet").shape == (12, 5)
