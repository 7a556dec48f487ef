"""Numbers as readers see them: rounded to their uncertainty, with a true minus sign, and a dash where there is none.

The rule is that of the Particle Data Group (Review of Particle Physics, introduction, 5.3): where the three leading
digits of the uncertainty lie between 100 and 354, the value is shown to the second of them, else to the first. The
uncertainty of a mean is its standard error over the seeds; of a standard deviation s of n numbers, s / sqrt(2 (n - 1));
of one run's score, its standard error over the test images. Where no uncertainty is known (one seed), the metric's own
decimals are shown. The ends of an interval get more decimals where they would otherwise round onto zero or onto the
margin, so what is printed always agrees with the verdict.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from typing import NamedTuple

from ablate.metrics import Metric

MAX_DECIMALS = 8


def decimals_for(uncertainty: float, default: int) -> int:
    """The decimals that a value with this uncertainty deserves (negative: tens, hundreds); else `default`.

    An uncertainty far below the last of the metric's own decimals is only rounding error of its computation.
    """
    if not (math.isfinite(uncertainty) and uncertainty > 10.0 ** -(default + 4)):
        return default
    mantissa, exponent = f"{uncertainty:.2e}".split("e")
    return min(MAX_DECIMALS, -int(exponent) + (float(mantissa) < 3.55))


def interval_decimals(ends: Iterable[float], decimals: int, marks: Iterable[float]) -> int:
    """`decimals`, or as many more as keep each end on its side of each mark when it is rounded."""
    pairs = [(end, mark) for end in ends if math.isfinite(end) for mark in marks]
    while decimals < MAX_DECIMALS and any(_side(round(end, decimals), mark) != _side(end, mark) for end, mark in pairs):
        decimals += 1
    return decimals


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def format_fixed(value: float, decimals: int = 0) -> str:
    """A value with this many decimals (negative: rounded to tens, hundreds), with commas between thousands."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if math.isnan(value):
        return "–"
    text = f"{round(value, decimals):,.{max(0, decimals)}f}"
    return text.replace("-", "−") if any(digit in "123456789" for digit in text) else text.removeprefix("-")


def format_signed(value: float, decimals: int = 0) -> str:
    """A difference with its sign."""
    text = format_fixed(value, decimals)
    return text if not value > 0 else f"+{text}"


def format_significant(value: float, digits: int) -> str:
    """A value with at least this many significant digits: `0.045`, `4.5`, and `450` in full."""
    if not math.isfinite(value) or value == 0:
        return format_fixed(value)
    return format_fixed(value, max(0, digits - 1 - math.floor(math.log10(abs(value)))))


def format_percent(share: float) -> str:
    """A share of one as a percentage: whole, or with one decimal below ten."""
    return f"{format_fixed(100 * share, 1 if 0 < share < 0.0995 else 0)}%"


def is_numeric(text: str) -> bool:
    """Whether a table's cell is a number, perhaps with a note in brackets, or says that there is no number."""
    number = r"[+−-]?(\d[\d,]*(\.\d+)?(e[+-]?\d+)?%?|∞)"
    return bool(re.fullmatch(rf"|–|({number})( \(.*\)| \[.*\])?|\[{number}, {number}\]", text))


class TimeUnit(NamedTuple):
    """A unit in which durations are compared, and its length in seconds."""

    name: str
    seconds: float


def time_unit(longest: float) -> TimeUnit:
    """The unit for a column or an axis of durations of which the longest takes this many seconds."""
    if longest < 1000:
        return TimeUnit("s", 1)
    return TimeUnit("min", 60) if longest < 10_000 else TimeUnit("h", 3600)


def format_duration(seconds: float) -> str:
    """A duration in a sentence: `0.4 s`, `40 s`, `12 min`, `1 h 40 min`, `2 days 3 h`."""
    if not math.isfinite(seconds):
        return "–"
    if seconds < 59.5:
        return f"{format_significant(seconds, 2 if seconds < 9.95 else 1)} s"
    minutes, hours = round(seconds / 60), round(seconds / 3600)
    if minutes < 60:
        return f"{minutes} min"
    if hours < 48:
        return f"{minutes // 60} h {minutes % 60} min".removesuffix(" 0 min")
    return f"{hours // 24} days {hours % 24} h".removesuffix(" 0 h")


def unit_suffix(metric: Metric) -> str:
    """The unit as it follows a number: ` dB`, or nothing."""
    return f" {metric.unit}" if metric.unit else ""


def metric_label(metric: Metric) -> str:
    """A metric's name with its unit in brackets, as the label of an axis or the heading of a column."""
    return f"{metric.name} ({metric.unit})" if metric.unit else metric.name
