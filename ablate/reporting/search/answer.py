"""What a search found, in one sentence."""

from __future__ import annotations

from ablate.reporting.markup.numbers import fixed, unit
from ablate.reporting.search.model import SearchPage
from ablate.studies.names import arm_name


def answer(page: SearchPage) -> str:
    """The outcome in one sentence."""
    if page.best is None:
        return f"None of {_counted(page)} has come to its end."
    score = f"{page.metric.name} {value(page, page.best.value)}{unit(page.metric)}"
    chosen = arm_name(page.best.overrides)
    return f"Best of {_counted(page)}: {chosen} ({score}, in trial {page.best.number})."


def _counted(page: SearchPage) -> str:
    counts = {"given up early": page.count("pruned"), "failed": page.count("failed")}
    others = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{len(page.trials)} trial{'s' if len(page.trials) > 1 else ''}{f' ({others})' if others else ''}"


def value(page: SearchPage, number: float) -> str:
    """A trial's value; of one seed, its uncertainty is not known."""
    return fixed(number, page.metric.digits)
