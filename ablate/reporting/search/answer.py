"""The outcome of a search, in one sentence."""

from __future__ import annotations

from ablate.reporting.markup.numbers import format_fixed, unit_suffix
from ablate.reporting.search.model import SearchPage
from ablate.studies.names import arm_name


def answer(page: SearchPage) -> str:
    """The best trial, or that there is none."""
    if page.best is None:
        return f"None of {_count_trials(page)} {'gives usable settings' if page.diverged_trials else 'is complete'}."
    score = f"{page.metric.name} {value(page, page.best.value)}{unit_suffix(page.metric)}"
    settings = arm_name(page.best.overrides)
    return f"Best of {_count_trials(page)}: {settings} ({score}, in trial {page.best.number})."


def _count_trials(page: SearchPage) -> str:
    """`24 trials (20 different, 2 diverged, 12 pruned, 1 failed)`; trials are the same if all their settings are."""
    counts = {"diverged": page.diverged_trials} | {state: page.count(state) for state in ("pruned", "failed")}
    if page.different_trials < len(page.trials):
        counts = {"different": page.different_trials} | counts
    others = ", ".join(f"{count} {kind}" for kind, count in counts.items() if count)
    return f"{len(page.trials)} trial{'s' if len(page.trials) > 1 else ''}{f' ({others})' if others else ''}"


def value(page: SearchPage, number: float) -> str:
    """A trial's value with the metric's own decimals, since a single seed has no known uncertainty."""
    return format_fixed(number, page.metric.digits)
