"""Kinds of noise on which the verdicts are tried: what is added to the scores of simulated studies.

The noise of each arm has a mean of zero, including rare disasters, so the true difference of two arms is exactly what a
simulation adds. Shape legend: S studies, A arms (the reference first), N seeds.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from benchmarks.recorded import SEEDS, Training, recorded_scores

Draw = np.random.Generator
Shape = tuple[int, int, int]

ARMS = (2, 5, 10, 20)
"""Sizes of study, the reference included."""

SD = 0.1
"""The standard deviation of the paired differences of two ordinary arms, in dB: as measured for 1 and 4 heads."""

SKEWED_SD = 0.4
"""The same under skewed noise: as recorded for the arms of heads and depth."""

DROP = 3.0
"""By how much a drop lowers the score of a run, in dB."""

WINDFALL, WINDFALL_RATE, WINDFALL_SD = 5.5, 1 / 12, 0.57
"""What a rare seed adds to the score of one arm (dB), how often, and the sd of other differences: as in depth=8."""

LATE, LATE_RATE, ESCAPE_RATE = 6.0, 1 / 12, 0.1
"""What a late start costs (dB), in which share of seeds, and the share of arms that escape it: as in seed 10."""

FAIL, FAIL_SD, FAIL_RATE = 13.0, 0.5, 1 / 20
"""By how much runs that learn nothing are worse, each by itself (mean and sd, dB), and in which share of seeds."""

SMOOTHING = 0.25
"""The width of the normal noise that smooths a resampling, in standard deviations of what is resampled."""


@dataclass(frozen=True)
class Noise:
    """A kind of noise.

    Attributes:
        name, about: for headings; `about` is a description in a few words.
        draw: makes the noise for scores of a shape (S, A, N).
        arms: the sizes of study that it is defined for.
        scales: factors of the noise, which the benchmark of looks tries.
    """

    name: str
    about: str
    draw: Callable[[Draw, Shape], np.ndarray]
    arms: tuple[int, ...] = ARMS
    scales: tuple[float, ...] = (1.0,)


def normal(draw: Draw, shape: Shape) -> np.ndarray:
    """Normal noise, the same for all arms; their differences have the standard deviation `SD`."""
    return draw.normal(0, SD / math.sqrt(2), shape)


def wider(arm: int) -> Callable[[Draw, Shape], np.ndarray]:
    """One arm varies five times as much as the others."""

    def noise(draw: Draw, shape: Shape) -> np.ndarray:
        scores_SAN = normal(draw, shape)
        scores_SAN[:, arm] *= 5
        return scores_SAN

    return noise


def heavy_tails(draw: Draw, shape: Shape) -> np.ndarray:
    """Student's t with 3 degrees of freedom, whose variance of 3 becomes that of the normal noise."""
    return draw.standard_t(3, shape) * SD / math.sqrt(2 * 3)


def drops(arms: slice, rate: float) -> Callable[[Draw, Shape], np.ndarray]:
    """Runs of some of the arms drop, independently of each other."""

    def noise(draw: Draw, shape: Shape) -> np.ndarray:
        scores_SAN, dropped_SAN = normal(draw, shape), draw.random(shape) < rate
        scores_SAN[:, arms] -= DROP * (dropped_SAN[:, arms] - rate)
        return scores_SAN

    return noise


def skewed(skewness: float, arms: slice) -> Callable[[Draw, Shape], np.ndarray]:
    """Some arms have noise of a mirrored gamma distribution, the others normal noise of half the sd of differences."""

    def noise(draw: Draw, shape: Shape) -> np.ndarray:
        scores_SAN = draw.normal(0, SKEWED_SD / 2, shape)
        form = 4 / skewness**2
        gamma_SAN = (form - draw.gamma(form, size=scores_SAN[:, arms].shape)) / math.sqrt(form)
        scores_SAN[:, arms] = gamma_SAN * SKEWED_SD * math.sqrt(3) / 2
        return scores_SAN

    return noise


def windfalls(draw: Draw, shape: Shape) -> np.ndarray:
    """Rare seeds raise the first compared arm only."""
    scores_SAN = draw.normal(0, WINDFALL_SD / math.sqrt(2), shape)
    raised_SN = draw.random((shape[0], shape[2])) < WINDFALL_RATE
    scores_SAN[:, 1] += WINDFALL * (raised_SN - WINDFALL_RATE)
    return scores_SAN


def late_starters(draw: Draw, shape: Shape) -> np.ndarray:
    """Rare seeds lower all arms together, except for a few that escape."""
    late_SAN = np.broadcast_to(draw.random((shape[0], 1, shape[2])) < LATE_RATE, shape)
    hit_SAN = late_SAN & (draw.random(shape) >= ESCAPE_RATE)
    scores_SAN = normal(draw, shape)
    scores_SAN -= LATE * (hit_SAN - LATE_RATE * (1 - ESCAPE_RATE))
    return scores_SAN


def failing_together(draw: Draw, shape: Shape) -> np.ndarray:
    """In rare seeds no arm learns anything; nothing of such a seed is left out, and no verdict is barred."""
    failed_SAN = np.broadcast_to(draw.random((shape[0], 1, shape[2])) < FAIL_RATE, shape)
    scores_SAN = np.where(failed_SAN, draw.normal(-FAIL, FAIL_SD, shape), normal(draw, shape))
    return np.asarray(scores_SAN + FAIL * FAIL_RATE)


def resampled(seeds_NA: np.ndarray) -> Callable[[Draw, Shape], np.ndarray]:
    """Draw from recorded scores (seeds x arms), centred: one seed of all arms at a time, smoothed by normal noise."""
    centred_NA = seeds_NA - seeds_NA.mean(axis=0)
    covariance_AA = np.cov(centred_NA.T)

    def noise(draw: Draw, shape: Shape) -> np.ndarray:
        studies, arms, seeds = shape
        chosen_SNA = centred_NA[draw.integers(len(centred_NA), size=(studies, seeds))]
        smooth_SNA = draw.multivariate_normal(np.zeros(arms), covariance_AA, (studies, seeds))
        return _smoothed(chosen_SNA, smooth_SNA).transpose(0, 2, 1)

    return noise


def resampled_normal(count: int, sd: float) -> Callable[[Draw, Shape], np.ndarray]:
    """The same resampling of so many normal seeds, new in each study: it shows what error the method itself adds."""

    def noise(draw: Draw, shape: Shape) -> np.ndarray:
        studies, arms, _ = shape
        seeds_SAN = draw.normal(0, 1, (studies, arms, count))
        seeds_SAN -= seeds_SAN.mean(axis=-1, keepdims=True)
        chosen_SAN = np.broadcast_to(draw.integers(count, size=(studies, 1, shape[2])), shape)
        smooth_SAN = draw.normal(0, 1, shape) * seeds_SAN.std(axis=-1, ddof=1, keepdims=True)
        return sd / math.sqrt(2) * _smoothed(np.take_along_axis(seeds_SAN, chosen_SAN, axis=-1), smooth_SAN)

    return noise


def _smoothed(chosen: np.ndarray, smooth: np.ndarray) -> np.ndarray:
    """Add the smoothing, and shrink the sum to the spread of the original (Silverman's smoothed bootstrap)."""
    return (chosen + SMOOTHING * smooth) / math.sqrt(1 + SMOOTHING**2)


RESAMPLED: dict[Training, tuple[str, str]] = {
    "notebook": ("recorded", "recorded seeds of `{}`, resampled with all arms together"),
    "quiet": ("quiet", "seeds of `{}` that were trained with quieter settings, resampled in the same way"),
}
"""What the noise of recorded studies is called, and what it is, by how they were trained."""


def _recorded_noise(study: str, reference: str, training: Training) -> Noise:
    scores_NA, (kind, about) = recorded_scores(study, reference, training), RESAMPLED[training]
    about = f"the {len(scores_NA)} {about.format(study)}"
    return Noise(f"{study}, {kind}", about, resampled(scores_NA), arms=(scores_NA.shape[1],))


SPREADS = (1.0, 2.0, 5.0)
EVERY, FIRST, REFERENCE = slice(1, None), slice(1, 2), slice(0, 1)

SYMMETRIC = (
    Noise("normal", "normal, the same for all arms", normal, scales=SPREADS),
    Noise("one arm ×5", "normal, the first compared arm varies five times as much", wider(1), scales=SPREADS),
    Noise("reference ×5", "normal, the reference varies five times as much", wider(0), scales=SPREADS),
    Noise("heavy tails", "t with 3 degrees of freedom, scaled to the same sd", heavy_tails, scales=SPREADS),
    Noise(
        "drops", f"normal, one run in ten of every arm falls by {DROP:g} dB", drops(slice(None), 0.1), scales=SPREADS
    ),
)
"""Paired differences are symmetric, or nearly so if every arm drops in the same way."""

SKEWED = tuple(
    Noise(
        f"skewness {skewness}, {who}", f"{whose} by a gamma distribution of skewness {skewness}", skewed(skewness, arms)
    )
    for skewness in (1, 2)
    for who, whose, arms in (
        ("every arm", "every compared arm varies downwards", EVERY),
        ("one arm", "the first compared arm alone varies downwards", FIRST),
        ("reference", "the reference alone varies downwards", REFERENCE),
    )
)

ONE_ARM_DROPS = Noise(
    "one arm drops",
    f"normal, one run in ten of the first compared arm alone falls by {DROP:g} dB",
    drops(FIRST, 0.1),
)
REFERENCE_DROPS = Noise(
    "reference drops",
    f"normal, one run in 20 of the reference alone falls by {DROP:g} dB",
    drops(REFERENCE, 0.05),
)
WINDFALLS = Noise(
    "windfalls", f"normal, one seed in 12 raises the first compared arm alone by {WINDFALL:g} dB", windfalls
)
LATE_STARTERS = Noise(
    "late starters", f"normal, one seed in 12 falls by {LATE:g} dB in nine of ten arms, together", late_starters
)
RARE = (ONE_ARM_DROPS, REFERENCE_DROPS, WINDFALLS, LATE_STARTERS)
"""Rare seeds move the mean of some arms, and a small number of seeds often shows none of them."""

AS_RECORDED = (
    _recorded_noise("heads", "heads=4", "notebook"),
    _recorded_noise("depth", "depth=12", "notebook"),
    Noise("12 normal seeds", "the same resampling of 12 normal seeds", resampled_normal(SEEDS, SKEWED_SD), arms=(5, 6)),
)

TOGETHER = Noise(
    "fail together",
    f"normal, in one seed in 20 the runs of all arms learn nothing and fall by about {FAIL:g} dB",
    failing_together,
)

QUIET = (
    _recorded_noise("heads", "heads=4", "quiet"),
    _recorded_noise("depth", "depth=12", "quiet"),
    Noise("8 normal seeds", "the same resampling of 8 normal seeds", resampled_normal(8, SD), arms=(5,)),
)
"""The noise as it is recorded now (`docs/studies.md`, quieter runs); for 12 seeds see the control above."""

NOISES = (*SYMMETRIC, *SKEWED, *RARE, *AS_RECORDED, TOGETHER, *QUIET)
"""Append only: the place of a noise seeds its simulations."""
