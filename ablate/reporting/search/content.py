"""What the page of a search says, in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator

from ablate.reporting.markup.document import (
    Block,
    Code,
    Column,
    Document,
    Items,
    Link,
    Table,
    paragraph,
    table,
)
from ablate.reporting.markup.figures import Pictures, make_section
from ablate.reporting.markup.numbers import format_percent, metric_label
from ablate.reporting.markup.words import join_words
from ablate.reporting.origins import experiment_address
from ablate.reporting.search.answer import answer, value
from ablate.reporting.search.figures import FIGURES
from ablate.reporting.search.model import BEST_SHARE, MIN_TRIALS, SearchPage
from ablate.reporting.search.sections import SectionTitle
from ablate.strategies.trial_tables import Trial
from ablate.studies.names import arm_name, value_text
from ablate.studies.space import Axis

MAX_LISTED = 20
"""Trials in a list of the page."""

MIN_BEST = 5
"""The fewest best trials that PED-ANOVA should have, according to Optuna's documentation."""

DASHBOARD = "optuna-dashboard"


Blocks = Iterator[Block | Pictures]


def document(page: SearchPage) -> Document:
    """The page of a search."""
    parts: list[tuple[SectionTitle, Blocks]] = [
        (SectionTitle.BEST, _best(page)),
        (SectionTitle.COURSE, iter(())),
        (SectionTitle.IMPORTANCE, _importance(page)),
        (SectionTitle.TRIALS, _trials(page)),
        (SectionTitle.FAILED, _failed(page)),
        (SectionTitle.COMPUTED, _computed(page)),
    ]
    sections = tuple(make_section(title, blocks, FIGURES, page) for title, blocks in parts)
    return Document(page.search.name, page.search.question, answer(page), tuple(_warnings(page)), sections)


def _warnings(page: SearchPage) -> Iterator[str]:
    if page.missing_trials:
        are = "is" if page.missing_trials == 1 else "are"
        yield f"{page.missing_trials} of {page.search.trials} trials {are} not finished yet."
    if page.diverged_trials:
        counted = "it counts" if page.diverged_trials == 1 else "they count"
        yield f"{page.diverged_trials} of {len(page.trials)} trials diverged; {counted} as a constant prediction."


def _best(page: SearchPage) -> Blocks:
    if page.best is None:
        yield paragraph("There are none: no trial is complete, or all complete ones diverged.")
        return
    yield settings_table(page, page.best)
    yield paragraph(
        Link("best.yaml", "best.yaml"),
        " has these settings, ready to be the base of a study. The score above flatters them: it is the best of "
        f"{len(page.ranked)}, on one seed ({page.search.seed}) and on the validation scenes by which it was chosen. "
        "Only a study on fresh seeds shows how good they are, and whether they are better than others.",
    )


def settings_table(page: SearchPage, best: Trial) -> Table:
    """The settings of the best trial, and the values that trials could draw."""
    columns = [
        Column[str]("setting", lambda name: Code(name), number=False),
        Column[str]("best", lambda name: value_text(best.overrides[name])),
        Column[str]("searched", lambda name: axis_text(page.search.space[name]), number=False),
    ]
    return table("The best settings", columns, page.search.space)


def axis_text(axis: Axis) -> str:
    """`0.0001 to 0.01, log scale`, or the values of a list."""
    if isinstance(axis, list):
        return ", ".join(map(value_text, axis))
    return f"{axis.low} to {axis.high}{', log scale' if axis.log else ''}"


def _importance(page: SearchPage) -> Blocks:
    if not page.importance:
        yield paragraph(f"Not computed: it needs at least {MIN_TRIALS} complete trials.")
        return
    columns = [
        Column[str]("axis", lambda name: Code(name), number=False),
        Column[str]("importance in the search", lambda name: format_percent(page.importance[name])),
    ]
    yield table("Importance of each axis in the search", columns, page.importance)
    yield Pictures()
    few = math.ceil(BEST_SHARE * len(page.ranked))
    advice = (
        f" With fewer than {MIN_BEST} best trials, as here, it is little more than chance." if few < MIN_BEST else ""
    )
    yield paragraph(
        f"By PED-ANOVA: how much the settings of the best quarter ({few} of {len(page.ranked)} complete trials; pruned "
        "trials do not count) differ from those of all. It is not an effect: it says on which axes this search had to "
        f"find the right values within these ranges, not how much the score depends on them.{advice}"
    )


def _trials(page: SearchPage) -> Blocks:
    def setting(name: str) -> Column[Trial]:
        return Column(name, lambda trial: value_text(trial.overrides[name]))

    columns = [
        Column[Trial]("trial", lambda trial: str(trial.number)),
        Column[Trial](metric_label(page.metric), lambda trial: value(page, trial.value)),
        *map(setting, page.search.space),
        Column[Trial]("run", lambda trial: Code(trial.run), number=False),
    ]
    yield table("The best trials", columns, page.ranked[:MAX_LISTED])
    yield paragraph(
        "All trials, including pruned and failed ones, are in ", Link("data/trials.csv", "data/trials.csv"), "."
    )


def _failed(page: SearchPage) -> Blocks:
    failed = [trial for trial in page.trials if trial.state == "failed"]
    if failed:
        yield Items(
            tuple(
                (f"Trial {trial.number} ({arm_name(trial.overrides)}): {trial.why}",) for trial in failed[:MAX_LISTED]
            )
        )
        if len(failed) > MAX_LISTED:
            yield paragraph(f"{len(failed) - MAX_LISTED} more trials failed.")


def _computed(page: SearchPage) -> Blocks:
    search = page.search
    pruner = f"the pruner {search.pruner}" if search.pruner != "none" else "no pruner"
    yield paragraph(
        f"Trials were drawn by Optuna's sampler {search.sampler}, at most {search.parallel} at a time, with {pruner}. "
        f"All trained on the seed {search.seed}. The value of a trial is that of its best epoch by {search.metric}; "
        "that of a pruned trial is its last one before it was stopped."
    )
    if search.base:
        shared = ", ".join(f"{name} {json.dumps(setting)}" for name, setting in search.base.items())
        yield paragraph(f"Settings that all trials share, apart from the defaults: {shared}.")
    if page.provenance:
        facts = [f"{name} {value}" for name, value in page.provenance.items()]
        yield paragraph(f"Trained with {join_words(facts)}.")
    yield paragraph(
        "To look at the trials, run ",
        Code(f"{DASHBOARD} .ablate/search/{search.name}.log"),
        " in the folder of the search; to look at their runs, run ",
        Code("ablate ui"),
        " there and open ",
        Link(f"the experiment {search.name}", experiment_address(search.name)),
        ".",
    )
