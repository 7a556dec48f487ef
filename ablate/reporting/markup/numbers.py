"""Numbers as readers see them: rounded to their uncertainty, with a true minus, and a dash where there is none.

The rule is that of the Particle Data Group (Review of Particle Physics, introduction, 5.3): where the three leading
digits of the uncertainty lie between 100 and 354, the value is shown to the second of them, else to the first. The
uncertainty of a mean is its standard error over the seeds; of a standard deviation s of n numbers, s / sqrt(2 (n - 1));
of one run's score, its standard error over the test images. Where no uncertainty is known (one seed), the metric's own
decimals are shown. An interval's ends get as many more decimals as keep each on its side of zero and of the margin, so
that what is printed always agrees with the verdict.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from ablate.metrics import Metric

MOST = 8
"""Decimals, at most."""


def digits_for(uncertainty: float, otherwise: int) -> int:
    """The decimals that a value with this uncertainty deserves (negative: tens, hundreds); else `otherwise`.

    An uncertainty far below the last of the metric's own decimals is nothing but the rounding of its computation.
    """
    if not (math.isfinite(uncertainty) and uncertainty > 10.0 ** -(otherwise + 4)):
        return otherwise
    mantissa, exponent = f"{uncertainty:.2e}".split("e")
    return min(MOST, -int(exponent) + (float(mantissa) < 3.55))


def interval_digits(ends: Iterable[float], digits: int, marks: Iterable[float]) -> int:
    """`digits`, or so many more as keep every end on its side of every mark."""
    pairs = [(end, mark) for end in ends if math.isfinite(end) for mark in marks]
    while digits < MOST and any(_side(round(end, digits), mark) != _side(end, mark) for end, mark in pairs):
        digits += 1
    return digits


def _side(value: float, mark: float) -> int:
    return (value > mark) - (value < mark)


def fixed(value: float, digits: int = 0) -> str:
    """A value with so many decimals (negative: rounded to tens, hundreds), thousands apart."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if math.isnan(value):
        return "–"
    text = f"{round(value, digits):,.{max(0, digits)}f}"
    return text.replace("-", "−") if any(digit in "123456789" for digit in text) else text.removeprefix("-")


def signed(value: float, digits: int = 0) -> str:
    """A difference with its sign."""
    text = fixed(value, digits)
    return text if not value > 0 else f"+{text}"


def percent(share: float) -> str:
    """A share of one, to a whole per cent, or to a tenth below ten."""
    return f"{fixed(100 * share, 1 if 0 < share < 0.0995 else 0)}%"


def unit(metric: Metric) -> str:
    """The unit as it follows a number: ` dB`, or nothing."""
    return f" {metric.unit}" if metric.unit else ""


def named(metric: Metric) -> str:
    """A metric's name with its unit in brackets, as it heads a scale or a column."""
    return f"{metric.name} ({metric.unit})" if metric.unit else metric.name


def listed(names: list[str], conjunction: str = "and") -> str:
    """`a, b and c`."""
    return f"{', '.join(names[:-1])} {conjunction} {names[-1]}" if len(names) > 1 else names[0]
