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
    Picture,
    Section,
    Table,
    paragraph,
    table,
)
from ablate.reporting.markup.numbers import fixed, listed, named, percent, unit
from ablate.reporting.origins import experiment_address
from ablate.reporting.search.model import BEST_SHARE, FEWEST, SearchPage
from ablate.sources.trial_tables import Trial
from ablate.studies.names import arm_name, value_text
from ablate.studies.space import Axis

SHOWN = 20
"""Trials that the page lists."""

ADVISED = 5
"""The best trials that Optuna's documentation advises for PED-ANOVA."""

DASHBOARD = "optuna-dashboard"


def document(page: SearchPage) -> Document:
    """The page of a search."""
    sections = (
        Section("The best settings", tuple(_best(page))),
        Section("The course of the search", tuple(_course(page))),
        Section("Importance in the search", tuple(_importance(page))),
        Section("The best trials", tuple(_trials(page))),
        Section("Trials that failed", tuple(_failed(page))),
        Section("How it was computed", tuple(_computed(page))),
    )
    return Document(page.search.name, page.search.question, answer(page), tuple(_warnings(page)), sections)


def answer(page: SearchPage) -> str:
    """The outcome in one sentence."""
    if page.best is None:
        return f"None of {_counted(page)} has come to its end."
    score = f"{page.metric.name} {value(page, page.best.value)}{unit(page.metric)}"
    chosen = arm_name(page.best.overrides, page.search.space)
    return f"Best of {_counted(page)}: {chosen} ({score}, in trial {page.best.number})."


def _counted(page: SearchPage) -> str:
    counts = {"given up early": page.count("pruned"), "failed": page.count("failed")}
    others = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
    return f"{len(page.trials)} trial{'s' if len(page.trials) > 1 else ''}{f' ({others})' if others else ''}"


def value(page: SearchPage, number: float) -> str:
    """A trial's value; of one seed, its uncertainty is not known."""
    return fixed(number, page.metric.digits)


def _warnings(page: SearchPage) -> Iterator[str]:
    if page.missing:
        yield f"Of {page.search.trials} trials {page.missing} are still to come."


def _best(page: SearchPage) -> Iterator[Block]:
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


def _course(page: SearchPage) -> Iterator[Block]:
    yield Picture(
        "history",
        f"The value of each trial, and the best so far; {answer(page)}",
        "Each trial's value in the order in which they were drawn; a cross: given up early, at its last value. Values "
        "far on the bad side lie beyond the scale.",
    )
    yield Picture(
        "axes",
        "The value of each trial along each axis of the space",
        "Every trial along each axis; the other axes differ from point to point.",
    )


def _importance(page: SearchPage) -> Iterator[Block]:
    if not page.importance:
        yield paragraph(f"With fewer than {FEWEST} complete trials nothing can be said of it.")
        return
    columns = [
        Column[str]("axis", lambda name: Code(name), number=False),
        Column[str]("importance in the search", lambda name: percent(page.importance[name])),
    ]
    yield table("Importance of each axis in the search", columns, page.importance)
    yield Picture("importance", "The importance of each axis in the search", "Shares of the axes; together they are 1.")
    few = math.ceil(BEST_SHARE * len(page.ranked))
    advice = f" With fewer than {ADVISED} of the best, as here, it is hardly more than chance." if few < ADVISED else ""
    yield paragraph(
        f"By PED-ANOVA: how far the settings of the best quarter ({few} of {len(page.ranked)} complete trials; those "
        "given up early do not count) lie from those of all. That is no effect: it says on which axes this search had "
        f"to find the right values within these ranges, not by how much the score depends on them.{advice}"
    )


def _trials(page: SearchPage) -> Iterator[Block]:
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


def _failed(page: SearchPage) -> Iterator[Block]:
    failed = [trial for trial in page.trials if trial.state == "failed"]
    if failed:
        said = [f"{arm_name(trial.overrides, page.search.space)}: {trial.why}" for trial in failed[:SHOWN]]
        yield Items(tuple((f"trial {trial.number}, {text}",) for trial, text in zip(failed, said, strict=False)))


def _computed(page: SearchPage) -> Iterator[Block]:
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
