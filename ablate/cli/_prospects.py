"""What a dry run prints on what the study can decide."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ablate.cli._shared import out
from ablate.cli._tables import FittingTable, make_table

if TYPE_CHECKING:
    from ablate.pipeline.prospects import Differing, Prospects, Resolution, SeedPlan, Similar
    from ablate.records.record import Record
    from ablate.statistics.multiplicity import Family
    from ablate.studies.planning import Design


def show_prospects(design: Design, record: Record) -> None:
    """Print what a study can decide: which differences, with which seeds, and at which looks for the median, too."""
    from ablate.pipeline.prospects import MIN_SEEDS, find_prospects

    found = find_prospects(design, record)
    if found:
        out.print(_resolution_table(design, found))
        for line in (_compare_plans(found), _basis(design, found.similar)):
            out.print(line)
    else:
        out.print(
            f"What this study can decide is not known: no recorded study has {MIN_SEEDS} seeds of two arms in common."
        )
    out.print(median_text(design.family))


def median_text(family: Family) -> str:
    """The looks at which a verdict can be marked as also holding for the median seed."""
    from ablate.reporting.markup.words import join_words
    from ablate.statistics.intervals import fewest_seeds
    from ablate.statistics.prospects import looks_for_median

    able, looks = looks_for_median(family), len(family.looks)
    fact = "whether better or worse also holds for the median seed, whatever the noise"
    if len(able) == looks:
        return f"{'There are' if looks == 1 else 'Each look has'} enough seeds to show {fact}."
    if able:
        seeds = join_words(list(map(str, able)))
        return f"Only the look{'s' if len(able) > 1 else ''} at {seeds} seeds can show {fact}."
    few = "There are too few seeds" if looks == 1 else "No look has enough seeds"
    return f"{few} to show {fact}: a single look needs at least {fewest_seeds(family.level)} of them."


def _resolution_table(design: Design, found: Prospects) -> FittingTable:
    from ablate.reporting.markup.numbers import format_significant, unit_suffix
    from ablate.statistics.power import MAX_SEEDS

    unit = unit_suffix(design.metric)

    def line(resolution: Resolution) -> tuple[str, ...]:
        seeds = str(resolution.equivalence) if resolution.equivalence <= MAX_SEEDS else f"over {MAX_SEEDS}"
        smallest = "none" if math.isinf(resolution.found) else f"{format_significant(resolution.found, 2)}{unit}"
        return f"{format_significant(resolution.sd, 2)}{unit}", smallest, seeds

    headings = ("sd of paired differences", "smallest difference found", "seeds to show equivalence")
    title = (
        f"What the study can decide with {design.looks[-1].seeds} seeds, at a margin of {design.margin:g}{unit} "
        "(80% power)"
    )
    return make_table(title, headings, map(line, found.resolutions))


def _compare_plans(found: Prospects) -> str:
    """Which decides more per run: a fixed number of seeds, or seeds until decided."""
    asked, other = found.asked, found.other
    if not other:
        return f"{_plan_text(asked)}; the other way to choose seeds would take more runs."
    texts = f"{_plan_text(asked)}; {_plan_text(other)}"
    if not asked.prospect.settled + other.prospect.settled:
        return f"{texts}. Neither is worth it: with so few seeds nothing is decided."
    better = max(asked, other, key=lambda plan: plan.prospect.per_run)
    return f"{texts}. More is decided per run with: {_seeds_text(better)}."


def _plan_text(plan: SeedPlan) -> str:
    from ablate.reporting.markup.numbers import format_percent

    settled = format_percent(plan.prospect.settled)
    return f"{_seeds_text(plan)} would decide {settled} of the comparisons with {plan.prospect.runs:.0f} runs"


def _seeds_text(plan: SeedPlan) -> str:
    if isinstance(plan.seeds, int):
        return f"{plan.seeds} seeds"
    return f"until decided with looks at {', '.join(map(str, plan.seeds.numbers))} seeds"


def _basis(design: Design, similar: Similar) -> str:
    """By which runs it is judged, and whether that is a guess."""
    counts = sorted({comparison.pairs for comparison in similar.comparisons})
    seeds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
    count = len(similar.comparisons)
    text = (
        f"Estimated from {count} recorded comparison{'s' if count > 1 else ''} of {seeds} seeds in "
        f"{', '.join(similar.studies)}, assuming that their differences and standard deviations are the true ones."
    )
    if other := similar.other_conditions:
        fact = "This is a guess, since those runs were trained differently or on another task"
        return f"{text} {fact}: {_settings(other)}."
    if design.tunings and not design.chosen:
        return f"{text} This is a guess, since the arms are not tuned yet."
    return f"{text} Their networks differ: {_settings(similar.differing)}." if similar.differing else text


def _settings(differing: Differing) -> str:
    from ablate.studies.names import value_text

    return ", ".join(
        f"{name} {value_text(there)} instead of {value_text(here)}" for name, (there, here) in differing.items()
    )
