"""What a page says about runs that went wrong."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import NamedTuple

from ablate.reporting.markup.document import Block, Code, Column, Table, paragraph, table
from ablate.reporting.markup.numbers import format_fixed, format_percent
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.model import Page, command, constant_prediction
from ablate.statistics.rates import Rate, SeedRate, paired_rates_p, rate

HELD = 0.2
"""Up to this rate of bad runs, verdicts about seeds without bad runs hold, by `benchmarks/bad_seeds.md`."""

WRONG_AT_HALF = "61 to 62%"
"""How many studies with 12 seeds have a wrong verdict about such seeds, where half of the runs of one arm or of the
reference are bad, by `benchmarks/bad_seeds.md`."""


def bad_seeds(found: SeedRate) -> str:
    """How many seeds were bad in any arm, and how frequent they could be."""
    return (
        f"{found.bad or 'none'} of {found.seeds} seeds with a score for every arm had a bad run in any arm, and the "
        f"rate of such seeds could still be up to {format_percent(found.bound)} (95% confidence)"
    )


def limit(found: SeedRate) -> str:
    """Up to which rate of bad runs verdicts hold, as a sentence; nothing if the rate of bad seeds cannot be higher.

    An arm has a bad run in at most as many seeds as are bad, so the bound on these holds for the runs of each arm.
    """
    if found.bound <= HELD:
        return ""
    return (
        f" About seeds without bad runs they hold if up to {format_percent(HELD)} of the runs are bad, but more could "
        f"be: if half of the runs of one arm or of the reference are bad, {WRONG_AT_HALF} of studies with 12 seeds "
        "have a wrong verdict."
    )


def wrong(page: Page) -> Iterator[Block]:
    """How often runs went wrong, and what follows for verdicts."""
    failed = sum(row.failed_runs for row in page.rows)
    if any(row.outcomes for row in page.rows):
        yield rates_table(page)
    if page.bad_seeds.seeds:
        yield paragraph(
            f"Bad runs: {bad_seeds(page.bad_seeds)}. Seeds are counted, not runs, because runs of one seed can go "
            "wrong together. The bound holds for the reference, too. Verdicts are about seeds without bad runs; about "
            "the mean over all seeds they are wrong far more often (benchmarks/bad_seeds.md)."
            f"{limit(page.bad_seeds)}"
        )
    if page.divergences:
        yield paragraph(f"Diverged: {'; '.join(page.divergences)}.")
    if failed:
        yield paragraph(
            "A failed run stopped with an error, exceeded its time limit, or was set aside because it could not be "
            "scored. It has no score; ",
            Code(command(page, "sweep", "--retry-failed")),
            " trains it again.",
        )
    yield paragraph(
        "A run is bad if it diverged (its loss was not finite, so it has no score and is given that of predicting "
        f"{constant_prediction(page.study)} everywhere), or if it has learned nothing (it scored below that; it keeps "
        "its score). An arm with a bad run is never better or equivalent; if the reference has one, no arm is worse or "
        "equivalent. p: the exact paired comparison of how often an arm and its reference have bad runs (McNemar's "
        "test), not corrected for the number of arms."
    )


def rates_table(page: Page) -> Table:
    """The arms of which a run went wrong, or a run of their reference, each with the exact comparison of bad runs."""
    wrong = {row.name for row in page.rows if row.outcomes}
    bad = {row.name for row in page.rows if row.bad_runs}
    rows = [row for row in page.rows if row.name in wrong or row.against in bad]
    columns = [
        Column[Rates]("arm", lambda line: line.arm, number=False),
        Column[Rates]("diverged", lambda line: _fraction(line.divergence)),
        Column[Rates]("learned nothing", lambda line: _fraction(line.useless)),
        Column[Rates]("rate of bad runs, 95%", lambda line: _interval(line.bad)),
        Column[Rates]("p, against the reference's", lambda line: _p_text(line.p)),
        Column[Rates]("failed", lambda line: _fraction(line.failure)),
        Column[Rates]("rate of failed runs, 95%", lambda line: _interval(line.failure)),
    ]
    return table("Runs that went wrong", columns, [_rates(row, page) for row in rows])


def _p_text(p: float) -> str:
    return format_fixed(p, 4 if p < 0.01 else 2)


class Rates(NamedTuple):
    """How often an arm's runs diverged, learned nothing, were bad in either way, and failed.

    `p` is that of the exact paired comparison of its bad runs with those of its reference; NaN for a reference.
    """

    arm: str
    divergence: Rate
    useless: Rate
    bad: Rate
    failure: Rate
    p: float


def _rates(row: ArmRow, page: Page) -> Rates:
    bad, both = page.diverged | page.useless, page.scores.notna()
    paired = both[row.name] & both[row.against] if row.against else None
    p = math.nan if paired is None else paired_rates_p(bad[row.name][paired], bad[row.against][paired])
    diverged, useless, either = (rate(n, row.seeds) for n in (row.diverged_runs, row.useless_runs, row.bad_runs))
    failed = rate(row.failed_runs, row.seeds + row.failed_runs - row.counted_runs)
    return Rates(row.name, diverged, useless, either, failed, p)


def _fraction(observed: Rate) -> str:
    return f"{observed.bad} of {observed.runs}"


def _interval(observed: Rate) -> str:
    return f"{format_percent(observed.low)} to {format_percent(observed.high)}"
