"""The tables of a page."""

from __future__ import annotations

import math
from collections.abc import Callable

from ablate.reporting.markup.document import Code, Column, Span, Strong, Table, table
from ablate.reporting.markup.numbers import (
    decimals_for,
    format_fixed,
    format_signed,
    format_significant,
    metric_label,
    time_unit,
)
from ablate.reporting.origins import arm_search
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.model import Page
from ablate.reporting.study.texts import (
    ENDS,
    ComparisonTexts,
    arm_texts,
    comparison_texts,
    image_error_text,
    verdict_text,
)
from ablate.statistics.multiplicity import level_of
from ablate.statistics.power import SeedsNeeded
from ablate.statistics.sensitivity import Choice, MeanError, OtherScores, Sensitivity, WithoutSeed
from ablate.strategies.choices import ArmTuning
from ablate.studies.names import value_text


def verdict_table(page: Page) -> Table:
    """One row per arm: its verdict, and the interval by which it was judged."""
    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        Column[ArmRow]("verdict", verdict_cell, number=False),
        Column[ArmRow](mean_heading(page), lambda row: arm_texts(row, page).mean),
        _of_comparison("difference", lambda row: _texts(row, page).difference),
        _of_comparison("L", lambda row: _texts(row, page).low),
        _of_comparison("U", lambda row: _texts(row, page).high),
        *_image_error_columns(page),
        _of_comparison("level", lambda row: _texts(row, page).level),
        Column[ArmRow]("n", _count),
        _of_comparison("smallest margin", lambda row: _texts(row, page).smallest_margin),
        _of_comparison("wins", lambda row: _texts(row, page).wins),
        _of_comparison("for the median seed, too", lambda row: _texts(row, page).for_median),
    ]
    return table(f"Verdicts by {metric_label(page.metric)}", columns, page.rows)


def _image_error_columns(page: Page) -> list[Column[ArmRow]]:
    """How much other test images would change a difference, unless that is unknown for all."""
    if not page.difference_errors:
        return []
    return [_of_comparison("± over test images", lambda row: image_error_text(row, page))]


def mean_heading(page: Page) -> str:
    """The heading of the arms' means, which are over the seeds that all arms have (see `Level`)."""
    return "mean" if len(page.design.looks) == 1 else f"mean of the first {len(page.design.level_seeds)} seeds"


def noise_table(page: Page) -> Table:
    """One row per arm: how its score varies over test images, epochs and seeds, and what pairing by seed leaves."""
    skewness = {arm.arm: arm.skewness for arm in page.diagnosis.arms}
    own = (
        Column[ArmRow]("± over test images", lambda row: arm_texts(row, page).image_sem),
        Column[ArmRow]("within a run", lambda row: arm_texts(row, page).scatter),
        Column[ArmRow]("change per epoch", lambda row: arm_texts(row, page).slope),
    )
    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        *(own[:2] if page.has_study else ()),
        Column[ArmRow]("sd over seeds", lambda row: arm_texts(row, page).sd),
        _of_comparison("correlation", lambda row: format_fixed(row.correlation, 2)),
        _of_comparison("sd of differences", lambda row: _texts(row, page).sd),
        _of_comparison("difference in sds", lambda row: _texts(row, page).effect),
        _of_comparison("skewness of differences", lambda row: format_signed(skewness[row.name], 1)),
        *(own[2:] if page.has_study else ()),
    ]
    return table(f"What varies in {metric_label(page.metric)}", columns, page.rows)


def _of_comparison(heading: str, text: Callable[[ArmRow], str]) -> Column[ArmRow]:
    """A column that is empty for references."""
    return Column(heading, lambda row: text(row) if row.comparison else "")


def _texts(row: ArmRow, page: Page) -> ComparisonTexts:
    assert row.comparison is not None
    return comparison_texts(row.comparison, page.metric, page.design.margin)


def verdict_cell(row: ArmRow) -> Span:
    """The verdict, with a note where it needs one."""
    return Strong(verdict_text(row.comparison)) if row.comparison else "reference"


def _count(row: ArmRow) -> str:
    fewer = row.comparison and row.comparison.pairs != row.seeds
    return f"{row.seeds} ({row.comparison.pairs} in pairs)" if fewer and row.comparison else str(row.seeds)


def course_table(page: Page) -> Table:
    """Each arm's interval at each look that included it, and why no further look does."""

    def at(place: int) -> Column[ArmRow]:
        def cell(row: ArmRow) -> Span:
            if place >= len(row.history):
                return ""
            text = comparison_texts(row.history[place], page.metric, page.design.margin).interval
            return Strong(text) if place == len(row.history) - 1 else text

        look = page.design.looks[place]
        level = level_of(page.comparisons, look.share)
        return Column(f"at {look.seeds} seeds ({100 * level:.2f}%)", cell)

    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        *map(at, range(len(page.design.looks))),
        Column[ArmRow]("verdict", verdict_cell, number=False),
        Column[ArmRow]("ended by", lambda row: ENDS[row.end], number=False),
        Column[ArmRow]("runs", lambda row: str(page.course.needed[row.name])),
    ]
    return table("Difference and interval at each look", columns, [row for row, _ in page.compared_arms])


def tuning_table(page: Page) -> Table:
    """What each arm chose, and how many of its trials were pruned or failed."""

    def setting(name: str) -> Column[ArmTuning]:
        return Column(name, lambda tuning: value_text(tuning.best.overrides[name]) if tuning.best else "–")

    search = page.tuning[0].search
    columns = [
        Column[ArmTuning]("arm", lambda tuning: tuning.arm, number=False),
        *map(setting, search.space),
        Column[ArmTuning](
            f"best {metric_label(search.judged)}",
            lambda tuning: format_fixed(tuning.best.value, search.judged.digits) if tuning.best else "–",
        ),
        Column[ArmTuning]("after trials", lambda tuning: str(tuning.best.number + 1) if tuning.best else "–"),
        Column[ArmTuning]("trials", lambda tuning: str(len(tuning.trials))),
        Column[ArmTuning]("pruned", lambda tuning: str(_count_trials(tuning, "pruned"))),
        Column[ArmTuning]("failed", lambda tuning: str(_count_trials(tuning, "failed"))),
    ]
    return table("What each arm chose", columns, page.tuning)


def _count_trials(tuning: ArmTuning, state: str) -> int:
    return sum(trial.state == state for trial in tuning.trials)


def seeds_table(page: Page) -> Table:
    """The score of every run, rounded to its standard error over the test images."""
    sems, scores = page.image_sems.to_dict(), page.scores.to_dict()
    diverged, useless = page.diverged.to_dict(), page.useless.to_dict()
    failed = {(run.arm, run.seed) for run in (*page.left_out, *page.missing_runs) if run.status == "failed"}

    def score(seed: int | str) -> Column[ArmRow]:
        def cell(row: ArmRow) -> str:
            value = scores[row.name][seed]
            if diverged[row.name][seed]:
                return f"{format_fixed(value, page.metric.digits)} (diverged)"
            if (row.name, seed) in failed and not math.isnan(value):  # it counts as predicting zero
                return f"{format_fixed(value, page.metric.digits)} (failed)"
            text = format_fixed(value, decimals_for(sems[row.name][seed], page.metric.digits))
            return f"{text} (learned nothing)" if useless[row.name][seed] else text

        return Column(f"seed {seed}", cell)

    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        *map(score, page.design.seeds),
        Column[ArmRow](mean_heading(page), lambda row: arm_texts(row, page).mean),
    ]
    if page.metric.kind == "test":
        columns.append(Column[ArmRow]("mean of the last epoch", lambda row: arm_texts(row, page).last_mean))
    return table(f"{metric_label(page.metric)} of every run", columns, page.rows)


def cost_table(page: Page) -> Table:
    """What each arm costs, and its gain over doing nothing."""
    time = time_unit(max((row.level.seconds for row in page.rows if row.level.seeds), default=0.0))
    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        Column[ArmRow]("parameters", lambda row: format_fixed(row.parameters)),
        Column[ArmRow]("MFLOPs per image", lambda row: _megaflops(row.flops / 1e6)),
        Column[ArmRow](f"training ({time.name})", lambda row: format_significant(row.level.seconds / time.seconds, 2)),
        Column[ArmRow]("gain over doing nothing (dB) [L, U]", lambda row: arm_texts(row, page).gain),
    ]
    return table("Cost of each arm", columns, page.rows)


def _megaflops(count: float) -> str:
    return format_fixed(count, 1) if not count < 1 else format_significant(count, 2)


def needed_table(page: Page) -> Table:
    """How many seeds would decide each undecided comparison."""
    columns = [
        Column[tuple[str, SeedsNeeded]]("arm", lambda line: line[0], number=False),
        Column[tuple[str, SeedsNeeded]]("if the true difference is zero", lambda line: str(line[1].if_zero)),
        Column[tuple[str, SeedsNeeded]]("if it is as measured", lambda line: str(line[1].as_measured)),
    ]
    lines = [(row.name, row.seeds_needed) for row in page.rows if row.seeds_needed]
    return table("Seeds that would decide", columns, lines)


def sensitivity_table(page: Page) -> Table:
    """The verdict on each arm by other choices; verdicts that differ are strong."""
    choices = [choice for choice in page.sensitivity[0].others if not isinstance(choice, WithoutSeed)]

    def by(choice: Choice) -> Column[Sensitivity]:
        return Column(f"by the {choice_text(choice)}", lambda item: _changed(item, choice), number=False)

    columns = [
        Column[Sensitivity]("arm", lambda item: item.arm, number=False),
        Column[Sensitivity]("verdict", lambda item: item.actual.verdict, number=False),
        *map(by, choices),
        Column[Sensitivity]("without one of the seeds", _changed_seeds, number=False),
    ]
    return table("Verdicts by other choices", columns, page.sensitivity)


def choice_text(choice: Choice) -> str:
    """The name of a choice."""
    match choice:
        case OtherScores(name):
            return name
        case MeanError():
            return "mean MSE"
        case WithoutSeed(seed):
            return f"without seed {seed}"


def _changed(item: Sensitivity, choice: Choice) -> Span:
    verdict = item.others[choice].verdict
    return Strong(verdict) if choice in item.changes else verdict


def _changed_seeds(item: Sensitivity) -> Span:
    changes = {choice: verdict for choice, verdict in item.changes.items() if isinstance(choice, WithoutSeed)}
    words = [f"{verdict} {choice_text(choice)}" for choice, verdict in changes.items()]
    return Strong("; ".join(words)) if words else "the same"


def mlflow_table(page: Page) -> Table:
    """The line for MLflow's search box that finds each arm's runs."""
    columns = [
        Column[ArmRow]("arm", lambda row: row.name, number=False),
        Column[ArmRow]("search", lambda row: Code(arm_search(row.name)), number=False),
    ]
    return table("MLflow searches", columns, page.rows)
