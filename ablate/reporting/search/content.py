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
from ablate.reporting.markup.figures import Pictures, section_of
from ablate.reporting.markup.numbers import listed, named, percent
from ablate.reporting.origins import experiment_address
from ablate.reporting.search.answer import answer, value
from ablate.reporting.search.figures import FIGURES
from ablate.reporting.search.model import BEST_SHARE, FEWEST, SearchPage
from ablate.reporting.search.sections import SectionTitle
from ablate.strategies.trial_tables import Trial
from ablate.studies.names import arm_name, value_text
from ablate.studies.space import Axis

SHOWN = 20
"""Trials that the page lists."""

ADVISED = 5
"""The best trials that Optuna's documentation advises for PED-ANOVA."""

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
    sections = tuple(section_of(part, blocks, FIGURES, page) for part, blocks in parts)
    return Document(page.search.name, page.search.question, answer(page), tuple(_warnings(page)), sections)


def _warnings(page: SearchPage) -> Iterator[str]:
    if page.missing:
        yield f"Of {page.search.trials} trials {page.missing} are still to come."


def _best(page: SearchPage) -> Blocks:
    if page.best is None:
        yield paragraph("There are none yet.")
        return
    yield settings_table(page, page.best)
    yield paragraph(
        Link("best.yaml", "best.yaml"),
        " has these settings, ready to be the base of a study. The score above flatters them: it is the best of "
        f"{len(page.ranked)}, on the seed {page.search.seed} and on the validation scenes that chose it. What they are "
        "worth, and whether they are better than others, only a study of them on fresh seeds tells.",
    )


def settings_table(page: SearchPage, best: Trial) -> Table:
    """What the best trial sets, and what trials could draw."""
    columns = [
        Column[str]("setting", lambda name: Code(name), number=False),
        Column[str]("best", lambda name: value_text(best.overrides[name])),
        Column[str]("searched", lambda name: axis_text(page.search.space[name]), number=False),
    ]
    return table("The best settings", columns, page.search.space)


def axis_text(axis: Axis) -> str:
    """`0.0001 to 0.01, by ratios`, or the values of a list."""
    if isinstance(axis, list):
        return ", ".join(map(value_text, axis))
    return f"{axis.low} to {axis.high}{', by ratios' if axis.log else ''}"


def _importance(page: SearchPage) -> Blocks:
    if not page.importance:
        yield paragraph(f"With fewer than {FEWEST} complete trials nothing can be said of it.")
        return
    columns = [
        Column[str]("axis", lambda name: Code(name), number=False),
        Column[str]("importance in the search", lambda name: percent(page.importance[name])),
    ]
    yield table("Importance of each axis in the search", columns, page.importance)
    yield Pictures()
    few = math.ceil(BEST_SHARE * len(page.ranked))
    advice = f" With fewer than {ADVISED} of the best, as here, it is hardly more than chance." if few < ADVISED else ""
    yield paragraph(
        f"By PED-ANOVA: how far the settings of the best quarter ({few} of {len(page.ranked)} complete trials; those "
        "given up early do not count) lie from those of all. That is no effect: it says on which axes this search had "
        f"to find the right values within these ranges, not by how much the score depends on them.{advice}"
    )


def _trials(page: SearchPage) -> Blocks:
    def setting(name: str) -> Column[Trial]:
        return Column(name, lambda trial: value_text(trial.overrides[name]))

    columns = [
        Column[Trial]("trial", lambda trial: str(trial.number), number=False),
        Column[Trial](named(page.metric), lambda trial: value(page, trial.value)),
        *map(setting, page.search.space),
        Column[Trial]("run", lambda trial: Code(trial.run), number=False),
    ]
    yield table("The best trials", columns, page.ranked[:SHOWN])
    yield paragraph("All trials are in ", Link("data/trials.csv", "data/trials.csv"), ".")


def _failed(page: SearchPage) -> Blocks:
    failed = [trial for trial in page.trials if trial.state == "failed"]
    if failed:
        said = [f"{arm_name(trial.overrides)}: {trial.why}" for trial in failed[:SHOWN]]
        yield Items(tuple((f"trial {trial.number}, {text}",) for trial, text in zip(failed, said, strict=False)))


def _computed(page: SearchPage) -> Blocks:
    search = page.search
    pruner = f"the pruner {search.pruner}" if search.pruner != "none" else "no pruner"
    yield paragraph(
        f"Trials were drawn by Optuna's sampler {search.sampler}, {search.parallel} open at a time, with {pruner}; all "
        f"train on the seed {search.seed}. A trial's value is the best of its epochs by {search.metric}."
    )
    if search.base:
        shared = ", ".join(f"{name} {json.dumps(setting)}" for name, setting in search.base.items())
        yield paragraph(f"Apart from the defaults all trials share: {shared}.")
    if page.provenance:
        facts = [f"{name} {found}" for name, found in page.provenance.items()]
        yield paragraph(f"Trained with {listed(facts)}.")
    yield paragraph(
        "In the folder of the search ",
        Code(f"{DASHBOARD} .ablate/search/{search.name}.log"),
        " shows its trials, and with ",
        Code("ablate ui"),
        " running there is ",
        Link("the experiment of its runs", experiment_address(search.name)),
        ".",
    )
