"""What a study can decide, before it runs: estimated from how much the most similar recorded runs vary.

Similar runs are those of the studies whose reference differs in the fewest settings from this study's. Their paired
differences say how much such comparisons vary. A study with enough seeds of its own is judged by these alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pandas as pd

from ablate.errors import AblateError
from ablate.records.record import ENDED, Record
from ablate.records.requests import load_all_requested
from ablate.records.tables import load_results, read_scores
from ablate.reporting.study.page import report_folder
from ablate.reporting.study.reading import read_table
from ablate.settings import TASK_SETTINGS, dotted
from ablate.statistics.multiplicity import Family, level_of
from ablate.statistics.power import MAX_SEEDS, seeds_for, smallest_found
from ablate.statistics.prospects import Prospect, simulate
from ablate.statistics.verdicts import Comparison
from ablate.strategies.choices import tuned
from ablate.studies.loading import load
from ablate.studies.planning import Design
from ablate.studies.seeds import Until, plan_looks
from ablate.studies.yamlfile import read_yaml
from ablate.variants.files import read_files

MIN_SEEDS = 3
"""The fewest common seeds from which the spread of a comparison is taken."""

LONGER = (1.0, 1.25, 1.5, 2.0, 3.0, 4.0)
"""Last looks that seeds until decided are tried with, as multiples of a fixed number of seeds."""

Differing = dict[str, tuple[object, object]]
"""Settings by dotted name, each with its value there and its value here."""


@dataclass(frozen=True)
class Similar:
    """The recorded comparisons that are most similar to those of a study.

    Attributes:
        studies: the names of the studies that they are from.
        comparisons: each on its common seeds, by the metric of the study that is planned.
        differing: in which settings the references differ, those studies' values first.
    """

    studies: list[str]
    comparisons: list[Comparison]
    differing: Differing

    @property
    def other_conditions(self) -> Differing:
        """The differing settings of the training and of the task, which make the spread a guess."""
        prefixes = ("training.", "data.", *TASK_SETTINGS)
        return {name: values for name, values in self.differing.items() if name.startswith(prefixes)}


@dataclass(frozen=True)
class Resolution:
    """What is decided with 80% power if paired differences vary by `sd`.

    Attributes:
        found: the smallest true difference that is found with the seeds asked for; infinite with one seed.
        equivalence: seeds that show that there is no difference, if there is none; `MAX_SEEDS` + 1 for more.
    """

    sd: float
    found: float
    equivalence: int


@dataclass(frozen=True)
class SeedPlan:
    """A way to choose the seeds, and what it can expect."""

    seeds: int | Until
    prospect: Prospect


@dataclass(frozen=True)
class Prospects:
    """What a study can decide.

    Attributes:
        resolutions: for the least, the median and the greatest spread of similar comparisons.
        asked: the seeds of the study's file; `other` is the best plan of the other kind that takes at most as many
            runs, None if there is none.
    """

    similar: Similar
    resolutions: list[Resolution]
    asked: SeedPlan
    other: SeedPlan | None


def find_prospects(design: Design, record: Record) -> Prospects | None:
    """What a study can decide, judged by similar runs; None if no two recorded arms share enough seeds."""
    similar = find_similar(design, record)
    if not similar:
        return None
    sds = sorted(comparison.sd for comparison in similar.comparisons)
    spreads = dict.fromkeys((sds[0], median(sds), sds[-1]))
    margin, seeds = design.margin, design.study.requested_seeds
    asked = SeedPlan(seeds if isinstance(seeds, Until) else len(design.seeds), _simulate(design, seeds, similar))
    return Prospects(
        similar, [_resolution(design, sd, margin) for sd in spreads], asked, _other(design, asked, similar)
    )


def _resolution(design: Design, sd: float, margin: float) -> Resolution:
    last, pairs = design.looks[-1], len(design.pairs)
    found = smallest_found(sd, last.seeds, margin=margin, level=level_of(pairs, last.share))
    return Resolution(sd, found, int(seeds_for(0.0, sd, margin=margin, level=level_of(pairs))))


def _simulate(design: Design, seeds: int | tuple[int, ...] | Until, similar: Similar) -> Prospect:
    family = Family(design.pairs, plan_looks(seeds))
    return simulate(family, similar.comparisons, design.margin)


def _other(design: Design, asked: SeedPlan, similar: Similar) -> SeedPlan | None:
    """Fixed seeds instead of seeds until decided, or the reverse, with at most as many runs."""
    if isinstance(asked.seeds, Until):
        fixed = int(asked.prospect.runs / len(design.arms))
        return SeedPlan(fixed, _simulate(design, fixed, similar)) if fixed > 1 else None
    lasts = {min(MAX_SEEDS, math.ceil(asked.seeds * factor)) for factor in LONGER}
    ways = [Until.model_validate({"from": MIN_SEEDS, "to": last}) for last in sorted(lasts) if last > MIN_SEEDS]
    plans = [SeedPlan(way, _simulate(design, way, similar)) for way in ways]
    affordable = [plan for plan in plans if plan.prospect.runs <= asked.prospect.runs]
    return max(affordable, key=lambda plan: plan.prospect.settled, default=None)


def find_similar(design: Design, record: Record) -> Similar | None:
    """The most similar recorded comparisons: the study's own, or else those of the most similar studies."""
    own = measure(design, design, record)
    if own and len(own) == len(design.against):
        return Similar([design.name], own, {})
    nearest: list[Similar] = []
    for other in _other_studies(design, record):
        found = Similar([other.name], measure(other, design, record), find_differing(other, design))
        if not found.comparisons:
            continue
        if not nearest or len(found.differing) < len(nearest[0].differing):
            nearest = []
        if not nearest or found.differing == nearest[0].differing:
            nearest.append(found)
    if not nearest:
        return None
    comparisons = [comparison for found in nearest for comparison in found.comparisons]
    return replace(nearest[0], studies=[found.studies[0] for found in nearest], comparisons=comparisons)


def measure(other: Design, design: Design, record: Record) -> list[Comparison]:
    """The recorded comparisons of a study, by the metric of the one that is planned."""
    if other.tunings and not other.chosen:
        return []
    scores = read_scores(other, _results(other, record), design.metric)
    shared = scores.values.notna()
    pairs = [pair for pair in other.against.items() if (shared[pair[0]] & shared[pair[1]]).sum() >= MIN_SEEDS]
    return [comparison for comparison in scores.compare_pairs(pairs) if comparison.sd > 0]


def _results(other: Design, record: Record) -> pd.DataFrame:
    """The results of a study: those in the record, and for runs that it does not have, those in the study's report."""
    runs = load_results(other, record)
    path = report_folder(other) / "data" / "runs.csv"
    missing = set(runs.run[~runs.status.isin(ENDED)])
    if not missing or not path.exists():
        return runs
    reported = read_table(path)
    reported = reported[reported.run.isin(missing) & reported.status.isin(ENDED)]
    return pd.concat([runs[~runs.run.isin(reported.run)], reported], ignore_index=True)


def _other_studies(design: Design, record: Record) -> Iterator[Design]:
    """The studies beside this one's file, and those that were swept here, if their files can still be read.

    Loading a study executes its own parts. So those with parts are left out, except for the parts of this study.
    """
    root = record.root.resolve().parent
    files = [root / requested.file for requested in load_all_requested(record.root) if requested.file]
    beside = sorted(design.file.resolve().parent.glob("*.y*ml")) if design.file else []
    for file in dict.fromkeys(path.resolve() for path in (*beside, *files)):
        try:
            if not _loads_safely(file, design):
                continue
            other = load(file)
            if isinstance(other, Design) and other.name != design.name:
                yield tuned(other, report_folder(other))
        except AblateError:
            continue  # it was moved, is being written, or is not tuned yet: others say as much


def _loads_safely(file: Path, design: Design) -> bool:
    """Whether a study or search has no own parts, or the same as this study, whose files are executed already."""
    facts = read_yaml(file).data
    names = facts.get("variants") if isinstance(facts, dict) else None
    if not isinstance(names, list):
        return not names
    return read_files(names, file.parent) == design.study.variants.files


def find_differing(other: Design, design: Design) -> Differing:
    """The settings in which the reference of one study differs from that of another, where they differ least."""

    def between(there: dict[str, object], here: dict[str, object]) -> Differing:
        names = dict.fromkeys((*here, *there))  # the own settings of parts (`parts.*`) are only on one side
        pairs = {name: (there.get(name), here.get(name)) for name in names}
        return {name: values for name, values in pairs.items() if values[0] != values[1]}

    found = [between(there, here) for there in _references(other) for here in _references(design)]
    return min(found, key=len)


def _references(design: Design) -> Sequence[dict[str, object]]:
    return [dotted(arm.settings) for arm in design.arms if arm.against is None]
