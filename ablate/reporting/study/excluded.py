"""What undecided arms exclude all the same: by how much they change the score at most, and what would decide them.

The bound on an arm is its smallest margin: at each larger one, it is equivalent. The bounds of all arms of a study hold
together with the confidence of its verdicts, so their maximum does, too. They are rounded up.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from ablate.reporting.markup.numbers import format_fixed, format_percent, unit_suffix
from ablate.reporting.markup.words import join_words
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.model import Page
from ablate.statistics.multiplicity import CONFIDENCE
from ablate.statistics.power import MAX_SEEDS, POWER
from ablate.studies.names import short_name

DIGITS = 2
"""Significant digits of a bound."""


def undecided_clause(rows: Sequence[ArmRow], names: str, page: Page) -> str:
    """What the answer says about the undecided arms that `names` lists: their bound, and after how many seeds.

    Without a bound, because of diverged runs or of a single seed, the clause says only that.
    """
    seeds = sorted({row.comparison.pairs for row in rows if row.comparison})
    counts = f"{join_words(list(map(str, seeds)), 'or')} seed{'s' if seeds != [1] else ''}"
    bound = largest_bound(rows)
    if math.isinf(bound):
        verb = "is" if len(rows) == 1 else "are"
        barred = any(row.comparison and row.comparison.barred for row in rows)
        why = "a bad run, so no" if barred else "no"
        return f"{names} {verb} undecided after {counts} ({why} size of effect is excluded)"
    amount = f"{bound_text(bound)}{unit_suffix(page.metric)}"
    if subject := _other_values(rows, page):
        said = f"{subject} changes {page.metric.name} by more than {amount}"
    else:
        said = f"{names} change{'s' if len(rows) == 1 else ''} {page.metric.name} by {amount} at most"
    return f"{said}, with {_confidence(page)} (undecided after {counts})"


def split_bounded(rows: Sequence[ArmRow]) -> list[list[ArmRow]]:
    """The arms that have a bound, and those that have none; each part only if it has an arm."""
    bounded = [row for row in rows if math.isfinite(largest_bound([row]))]
    return [part for part in (bounded, [row for row in rows if row not in bounded]) if part]


def largest_bound(rows: Sequence[ArmRow]) -> float:
    """The size of effect that is excluded for each of these arms; infinite if there is none."""
    return max(row.comparison.smallest_margin for row in rows if row.comparison)


def bound_text(bound: float) -> str:
    """A bound, rounded up to a number above it.

    >>> bound_text(1.1601), bound_text(0.25), bound_text(0.01234), bound_text(12.3)
    ('1.2', '0.26', '0.013', '13')
    """
    decimals = max(0, DIGITS - 1 - math.floor(math.log10(bound))) if bound > 0 else DIGITS
    scaled = bound * 10**decimals * (1 + 1e-9)  # 0.0003 times 100,000 is slightly below 30
    return format_fixed((math.floor(scaled) + 1) / 10**decimals, decimals)


def _other_values(rows: Sequence[ArmRow], page: Page) -> str:
    """`no other value of heads`, if that is what these arms are: all that a single axis has beside the reference."""
    axes = list(page.design.axes)
    return f"no other value of {short_name(axes[0])}" if len(axes) == 1 < len(rows) == len(page.rows) - 1 else ""


def _confidence(page: Page) -> str:
    if page.data.looks:
        return "a confidence that earlier looks have lowered"
    return f"{format_percent(CONFIDENCE)} confidence"


def what_would_decide(page: Page) -> str | None:
    """Which margin, and how many seeds of a new study, would decide the undecided arms; None if that is not known.

    The seeds are for the high end of the interval of the standard deviation, and for the larger number of a difference
    of zero and the measured one.
    """
    undecided = [row for row, comparison in page.compared_arms if comparison.verdict == "undecided"]
    rows = [row for row in undecided if row.seeds_needed and math.isfinite(largest_bound([row]))]
    if not rows or len(rows) < len(undecided):
        return None
    unit, every = unit_suffix(page.metric), "it" if len(rows) == 1 else "all of them"
    seeds = max(
        max(row.seeds_needed.if_zero.high, row.seeds_needed.as_measured.high) for row in rows if row.seeds_needed
    )
    number = f"about {seeds}" if seeds <= MAX_SEEDS else f"more than {MAX_SEEDS}"
    return (
        f"At a margin of {bound_text(largest_bound(rows))}{unit}, {every} would be equivalent; at "
        f"{page.design.margin:g}{unit}, a new study may need {number} seeds to decide {every} ({format_percent(POWER)} "
        "power)."
    )
