"""Numbers as texts, each rounded to its own uncertainty: the same in every table, sentence and terminal."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ablate.metrics import METRICS, Metric
from ablate.reporting.markup.numbers import digits_for, fixed, interval_digits, signed
from ablate.reporting.study.model import ArmRow, Page
from ablate.statistics.verdicts import Comparison


@dataclass(frozen=True)
class ArmTexts:
    """What `ArmRow` says of an arm alone."""

    mean: str
    sd: str
    last_mean: str
    image_sem: str
    gain: str


@dataclass(frozen=True)
class ComparisonTexts:
    """What a `Comparison` says."""

    difference: str
    sd: str
    effect: str
    low: str
    high: str
    level: str
    smallest_margin: str

    @property
    def interval(self) -> str:
        """`difference [low, high]`."""
        return f"{self.difference} [{self.low}, {self.high}]"


def arm_texts(row: ArmRow, page: Page) -> ArmTexts:
    """The texts of one arm."""
    sem, digits = standard_error(row.sd, row.seeds), page.metric.digits
    in_decibels = sem if page.metric.unit == "dB" else math.nan
    return ArmTexts(
        mean=fixed(row.mean, digits_for(sem, digits)),
        sd=sd_text(row.sd, row.seeds, digits),
        last_mean=fixed(row.last_mean, digits_for(standard_error(row.last_sd, row.seeds), digits)),
        image_sem=fixed(row.image_sem, digits_for(row.image_sem, digits)),
        gain=signed(row.gain, digits_for(in_decibels, METRICS["test/gain"].digits)),
    )


def comparison_texts(c: Comparison, metric: Metric, margin: float) -> ComparisonTexts:
    """The texts of one comparison of scores by this metric."""
    digits = digits_for(standard_error(c.sd, c.pairs), metric.digits)
    ends = interval_digits((c.low, c.high), digits, (-margin, 0, margin))
    return ComparisonTexts(
        difference=signed(c.difference, digits),
        sd=sd_text(c.sd, c.pairs, metric.digits),
        effect=signed(c.effect, digits_for(effect_error(c), 1)),
        low=signed(c.low, ends),
        high=signed(c.high, ends),
        level=f"{100 * c.level:.2f}%",
        smallest_margin=fixed(c.smallest_margin, ends),
    )


def standard_error(sd: float, count: int) -> float:
    """Of the mean of `count` numbers with this standard deviation; NaN where it cannot be told."""
    return sd / math.sqrt(count) if count > 1 else math.nan


def effect_error(c: Comparison) -> float:
    """Of the effect d in paired standard deviations, for large samples: sqrt(1/n + d²/2n) (Becker 1988)."""
    return math.sqrt((1 + c.effect**2 / 2) / c.pairs) if c.pairs > 1 else math.nan


def sd_text(sd: float, count: int, otherwise: int) -> str:
    """A standard deviation of `count` numbers, rounded to its own uncertainty."""
    return fixed(sd, digits_for(sd / math.sqrt(2 * (count - 1)) if count > 1 else math.nan, otherwise))
