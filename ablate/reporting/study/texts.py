"""Numbers as texts, each rounded to its own uncertainty: the same in tables, in sentences and in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from ablate.metrics import METRICS, Metric
from ablate.reporting.markup.numbers import decimals_for, format_fixed, format_signed, interval_decimals
from ablate.reporting.markup.words import join_names
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.model import Page
from ablate.statistics.course import End
from ablate.statistics.intervals import fewest_seeds
from ablate.statistics.verdicts import DECIDED, Comparison


@dataclass(frozen=True)
class ArmTexts:
    """The numbers of an arm's own runs, as texts."""

    mean: str
    sd: str
    last_mean: str
    image_sem: str
    scatter: str
    slope: str
    gain: str


@dataclass(frozen=True)
class ComparisonTexts:
    """The numbers of a comparison, as texts."""

    difference: str
    sd: str
    effect: str
    low: str
    high: str
    inner_low: str
    inner_high: str
    level: str
    inner_level: str
    smallest_margin: str
    wins: str
    for_median: str

    @property
    def interval(self) -> str:
        """`difference [low, high]`, by the outer interval."""
        return f"{self.difference} [{self.low}, {self.high}]"

    @property
    def inner(self) -> str:
        """The same by the inner interval, for what is equivalent."""
        return f"{self.difference} [{self.inner_low}, {self.inner_high}]"


def arm_texts(row: ArmRow, page: Page) -> ArmTexts:
    """The texts of one arm."""
    level, digits = row.level, page.metric.digits
    last_error = standard_error(level.last_sd, level.seeds)
    return ArmTexts(
        mean=format_fixed(level.mean, decimals_for(level_error(row), digits)),
        sd=sd_text(row.sd, row.seeds, digits),
        last_mean=format_fixed(level.last_mean, decimals_for(last_error, digits)),
        image_sem=format_fixed(row.image_sem, decimals_for(row.image_sem, digits)),
        scatter=sd_text(row.trend.scatter, row.seeds * (row.trend.epochs - 2) + 1, digits) if row.trend else "–",
        slope=format_signed(row.trend.slope, decimals_for(row.trend.error, digits)) if row.trend else "–",
        gain=gain_text(row, page),
    )


def gain_decimals(row: ArmRow, page: Page) -> int:
    """The decimals of an arm's gain, whose standard error is known if the study's metric is in dB too."""
    error = level_error(row) if page.metric.unit == "dB" else math.nan
    return decimals_for(error, METRICS["test/gain"].digits)


def gain_text(row: ArmRow, page: Page) -> str:
    """`+7.6 [+7.2, +8.0]`: an arm's gain over doing nothing in dB, with its interval if it has two seeds."""
    level, digits = row.level, gain_decimals(row, page)
    ends = [format_signed(end, digits) for end in (level.gain_low, level.gain_high)]
    return (
        f"{format_signed(level.gain, digits)} [{', '.join(ends)}]"
        if level.seeds > 1
        else format_signed(level.gain, digits)
    )


def seeds_text(page: Page) -> str:
    """The seeds over which levels are compared: `seeds`, or `3 seeds of the first look`."""
    return "seeds" if len(page.design.looks) == 1 else f"{len(page.design.level_seeds)} seeds of the first look"


def level_error(row: ArmRow) -> float:
    """The standard error of an arm's mean score; NaN with a single seed."""
    return standard_error(row.level.sd, row.level.seeds)


def comparison_texts(c: Comparison, metric: Metric, margin: float) -> ComparisonTexts:
    """The texts of one comparison of scores by this metric."""
    digits = decimals_for(standard_error(c.sd, c.pairs), metric.digits)
    ends = interval_decimals((c.low, c.high, c.inner_low, c.inner_high), digits, (-margin, 0, margin))
    return ComparisonTexts(
        difference=format_signed(c.difference, digits),
        sd=sd_text(c.sd, c.pairs, metric.digits),
        effect=format_signed(c.effect, decimals_for(effect_error(c), 1)),
        low=format_signed(c.low, ends),
        high=format_signed(c.high, ends),
        inner_low=format_signed(c.inner_low, ends),
        inner_high=format_signed(c.inner_high, ends),
        level=f"{100 * c.level:.2f}%",
        inner_level=f"{100 * c.inner_level:.2f}%",
        smallest_margin=format_fixed(c.smallest_margin, ends),
        wins=f"{c.median.wins} of {c.pairs}" if c.median else "–",
        for_median=median_text(c),
    )


def image_error_text(row: ArmRow, page: Page) -> str:
    """The standard error over the test images of an arm's difference."""
    error = page.difference_errors.get(row.name, math.nan)
    return format_fixed(error, decimals_for(error, page.metric.digits))


def image_error_texts(page: Page) -> Iterator[str]:
    """How much other test images would change the differences, and which of them such images could turn."""
    if not page.difference_errors:
        return
    yield (
        "[L, U] covers the choice of seeds, not that of the test images: other test images would change a difference "
        'by about the number in the column "± over test images". That is its standard error over the images, on which '
        "both arms are scored, with the same seeds."
    )
    small = [
        row.name for row, c in page.compared_arms if abs(c.difference) < 2 * page.difference_errors.get(row.name, 0)
    ]
    if small:
        yield f"Other test images could change the sign of a difference below twice that: {join_names(small)}."


def standard_error(sd: float, count: int) -> float:
    """Of the mean of `count` numbers with this standard deviation; NaN for a single number."""
    return sd / math.sqrt(count) if count > 1 else math.nan


def effect_error(c: Comparison) -> float:
    """The standard error of the effect d in standard deviations, for large n: sqrt(1/n + d²/2n) (Becker 1988)."""
    return math.sqrt((1 + c.effect**2 / 2) / c.pairs) if c.pairs > 1 else math.nan


def sd_text(sd: float, count: int, default: int) -> str:
    """A standard deviation of `count` numbers, rounded to its own uncertainty."""
    return format_fixed(sd, decimals_for(sd / math.sqrt(2 * (count - 1)) if count > 1 else math.nan, default))


def median_text(c: Comparison) -> str:
    """Whether the verdict holds for the median seed, too, or how many seeds it takes to know."""
    needed = fewest_seeds(c.inner_level if c.verdict == "equivalent" else c.level)
    if c.pairs < needed:
        return f"needs {needed} seeds"
    if c.verdict not in DECIDED:
        return "–"
    return "yes" if c.is_for_median else "no"


def verdict_text(c: Comparison) -> str:
    """The verdict, with what qualifies it: an equivalent arm can still differ, by less than the margin."""
    if c.verdict == "equivalent" and c.side != "across":
        return f"equivalent, though {c.side} zero"
    return "undecided (bad runs)" if c.verdict == "undecided" and c.barred else c.verdict


ENDS: dict[End | None, str] = {
    "decided": "decided",
    "futile": "given up: more seeds could hardly decide it",
    "last look": "last look",
    "budget": "budget used up",
    "failed": "waiting for a failed run",
    None: "continues",
}
"""Why no further look includes an arm."""
