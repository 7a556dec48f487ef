"""What a page says, in words: its sections from top to bottom, the same for every template."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median

from ablate.reporting.citation import bibtex
from ablate.reporting.markup.document import Block, Code, Document, Items, Link, paragraph
from ablate.reporting.markup.figures import Pictures, make_section
from ablate.reporting.markup.numbers import format_fixed, format_signed, unit_suffix
from ablate.reporting.markup.words import join_names, join_words, quote_name
from ablate.reporting.origins import experiment_address
from ablate.reporting.study.answer import answer, claim_sentence
from ablate.reporting.study.computed import computed, computed_from_scores
from ablate.reporting.study.course import course_blocks
from ablate.reporting.study.diagnostics import diagnosis_texts
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.grid_tables import contributions_table, interactions_table, shares_table
from ablate.reporting.study.grids import GridFacts
from ablate.reporting.study.model import Page, command, constant_prediction
from ablate.reporting.study.paper import methods_text
from ablate.reporting.study.references import references
from ablate.reporting.study.sections import SectionTitle
from ablate.reporting.study.tables import (
    cost_table,
    mlflow_table,
    needed_table,
    noise_table,
    seeds_table,
    sensitivity_table,
    tuning_table,
    verdict_table,
)
from ablate.reporting.study.texts import image_error_texts, seeds_text
from ablate.reporting.study.warnings import warnings
from ablate.reporting.study.wrong import bad_seeds, wrong
from ablate.statistics.contributions import Contribution
from ablate.statistics.interactions import Interaction

WORST_GRID = "43.6%"
"""In how many simulated grids all contrasts hold, in the worst case of `benchmarks/other_intervals.md`."""

Blocks = Iterator[Block | Pictures]


def document(page: Page) -> Document:
    """The page of a study."""
    parts: list[tuple[SectionTitle, Blocks | None]] = [
        (SectionTitle.VERDICTS, _verdicts(page)),
        (SectionTitle.TUNING, _tuning(page) if page.tuning else None),
        (SectionTitle.COURSE, course_blocks(page) if len(page.design.looks) > 1 else None),
        (SectionTitle.CLAIMS, _claims(page) if page.claims else None),
        (SectionTitle.GRID, _grid(page, page.grid) if page.grid else None),
        (SectionTitle.SEEDS, _seeds(page)),
        (SectionTitle.NOISE, _noise(page)),
        (SectionTitle.ROBUSTNESS, _robustness(page)),
        (SectionTitle.COST, _cost(page) if page.has_study else None),
        (SectionTitle.CURVES, iter(()) if page.has_study else None),
        (SectionTitle.SAMPLES, iter(()) if page.has_study else None),
        (SectionTitle.WRONG, wrong(page) if page.has_study else None),
        (SectionTitle.COMPUTED, computed(page) if page.has_study else computed_from_scores(page)),
        (SectionTitle.METHODS, _methods(page)),
        (SectionTitle.MLFLOW, _mlflow(page) if page.has_study else None),
    ]
    sections = tuple(make_section(title, blocks, FIGURES, page) for title, blocks in parts if blocks is not None)
    return Document(page.design.name, page.design.question, answer(page), tuple(warnings(page)), sections)


def _verdicts(page: Page) -> Blocks:
    margin = f"{page.design.margin:g}{unit_suffix(page.metric)}"
    yield from map(paragraph, diagnosis_texts(page.diagnosis, page.metric))
    yield verdict_table(page)
    yield paragraph(
        "A positive difference is an improvement; [L, U] is the outer interval of the difference, by which an arm is "
        f"better or worse. The margin of this study is {margin}: smaller differences do not matter here. An arm is "
        "equivalent at every margin above its smallest margin, which is the further end of the inner interval."
    )
    yield from map(paragraph, image_error_texts(page))
    bound = f": {bad_seeds(page.bad_seeds)}"
    yield paragraph(
        "For the median seed, too: the verdict also holds for the median of the paired differences, whatever the "
        "noise, by an exact interval from order statistics at the same confidence; that needs at least the number of "
        "seeds in the table. Wins: the seeds in which the arm is better than its reference. No interval can account "
        f"for rare failures that no seed has shown{bound if page.bad_seeds.seeds else ''}."
    )
    if len(page.design.looks) > 1:
        yield paragraph(
            f"Means are over the {seeds_text(page)}, which all arms have, so that they can be compared; n and the "
            "differences are over all seeds of an arm."
        )
    if not math.isnan(page.nothing_score + page.zero_score):
        nothing, zero = (
            f"{format_fixed(score, page.metric.digits)}{unit_suffix(page.metric)}"
            for score in (page.nothing_score, page.zero_score)
        )
        constant = f"predicting {constant_prediction(page.study)} everywhere"
        yield paragraph(f"For scale: doing nothing (the output is the input) scores {nothing}, {constant} {zero}.")
    yield from references(page)
    yield Pictures()


def _tuning(page: Page) -> Blocks:
    search = page.tuning[0].search
    budget = f"{search.trials} trials of {search.base['training.epochs']} epochs on the seed {search.seed}"
    yield paragraph(
        "All verdicts hold for the chosen settings. Each arm, including the reference, was tuned by a search of its "
        f"own with the same budget: {budget}, which is not one of the seeds for the verdicts. Trials were drawn by "
        f"Optuna's sampler {search.sampler} and ranked by {search.metric}. With another budget or another search "
        "space, other settings may be chosen."
    )
    yield tuning_table(page)
    near = [
        f"{quote_name(tuning.arm)} ({join_words(tuning.near_an_end)})" for tuning in page.tuning if tuning.near_an_end
    ]
    if near:
        yield paragraph(f"Chosen near an end of its range, so the best value may lie beyond it: {'; '.join(near)}.")
    yield Pictures()


def _claims(page: Page) -> Blocks:
    yield Items(tuple((claim_sentence(evidence, page),) for evidence in page.claims))
    yield paragraph("These are the claims in the study file, judged by the same rule as the verdicts.")


def _grid(page: Page, grid: GridFacts) -> Blocks:
    yield Pictures()
    yield interactions_table(page, grid)
    if len(page.design.looks) > 1:
        yield paragraph(
            f"This section uses the {page.design.looks[0].seeds} seeds of the first look, which all cells have."
        )
    yield paragraph(
        "Beyond the sum: how much better the two changes together are than the sum of the effects of each alone. The "
        "intervals are paired t intervals with the seeds as blocks; they hold jointly for all "
        f"{len(grid.interactions)} contrasts with 95% confidence, separately from the verdicts above. In simulated "
        "grids that confidence held, with these exceptions: where the scores of a single cell are strongly skewed or "
        f"rare runs of it are far off (all contrasts held in as few as {WORST_GRID} of grids), and in large grids with "
        "few seeds where rare runs of any cell are (benchmarks/other_intervals.md). A contrast with a bad run is "
        "always undecided."
    )
    if page.design.missing and any(item.comparison.verdict == "waiting" for item in _contrasts(grid)):
        seeds = "seed lacks" if page.design.missing == 1 else "seeds lack"
        yield paragraph(
            "A contrast waits if one of its runs has not ended yet, or if more than "
            f"{page.design.missing} {seeds} a run in any of the cells that it depends on (`missing`)."
        )
    if grid.contributions:
        yield contributions_table(page, grid)
        yield paragraph(
            "Contribution: the Shapley value, what an axis adds when it is turned on, averaged over all orders in "
            'which the axes can be turned on; "on" is the level of the reference. The contributions add up to the '
            "difference between all on and all off. The intervals are paired t intervals over the seeds. They hold "
            "jointly for all contributions with 95% confidence if the noise is normal (other kinds: "
            "benchmarks/other_intervals.md), separately from the verdicts above and from the interactions."
        )
    if grid.unstated:
        yield paragraph(
            "What each axis contributes is not shown, since the reference does not say which value of "
            f"{join_words(grid.unstated)} counts as on. To show it, state a value for every axis in the reference."
        )
    if grid.shares:
        yield shares_table(grid)
        yield paragraph(
            f"ω² estimates what share of the variance of all scores an axis explains{_complete_seeds(page)}. "
            "±: its standard error, by leaving out one seed at a time. With few seeds ω² is uncertain, and for an "
            "axis with little effect it is too large on average. No p value is given: where one cell varies more "
            "than the others, an F test is wrong too often (benchmarks/shares.md)."
        )


def _contrasts(grid: GridFacts) -> list[Interaction | Contribution]:
    return [*grid.interactions, *grid.contributions]


def _complete_seeds(page: Page) -> str:
    """How many seeds the shares are computed from, if not from all."""
    seeds = page.design.looks[0].seeds
    complete = len(page.scores.iloc[:seeds].dropna())
    return f", using the {complete} of {seeds} seeds without a missing run" if complete < seeds else ""


def _seeds(page: Page) -> Blocks:
    yield Pictures()
    yield seeds_table(page)


def _noise(page: Page) -> Blocks:
    yield noise_table(page)
    yield paragraph(
        "Correlation: of an arm's scores with those of its reference, over the seeds. The higher it is, the more noise "
        "pairing by seed removes from the differences. Skewness: of the differences without bad runs."
    )
    trends = [row.trend for row in page.rows if row.trend]
    if not trends:
        return
    followed, lengths = page.metric.followed, sorted({trend.epochs for trend in trends})
    yield paragraph(
        f"A line is fitted to {followed.name} over the last {' or '.join(map(str, lengths))} epochs of each run. "
        "Within a run: the standard deviation about that line. Change per epoch: its slope."
    )
    improved = median(followed.sign * trend.slope * trend.epochs for trend in trends)
    if improved > page.design.margin and followed.unit == page.metric.unit:
        slope = format_signed(median(trend.slope for trend in trends), followed.digits)
        yield paragraph(
            f"{followed.name} still changes by {slope}{unit_suffix(followed)} per epoch at the end of training "
            "(median over the arms), so longer training may rank the arms differently."
        )


def _robustness(page: Page) -> Blocks:
    changing = [item.arm for item in page.sensitivity if item.changes]
    yield paragraph(
        f"At least one of the choices below would have changed the verdict on {join_names(changing)}."
        if changing
        else "None of the choices below would have changed a verdict."
    )
    yield sensitivity_table(page)
    yield paragraph(
        "Without a seed: the seed is replaced by a typical one, so the number of seeds stays the same, and the "
        "interval is not wider merely because there is one seed fewer."
    )
    if any(row.seeds_needed for row in page.rows):
        yield needed_table(page)
        yield paragraph(
            "With this many seeds, a new study would decide the comparison, and decide it correctly, with 80% power. "
            "The numbers are ranges, since the standard deviation is itself uncertain. Plan by the high end: at the "
            "low end the power is 80% only if the true standard deviation is as low as these data allow. Do not add "
            "the seeds to this study: reading a report and then adding seeds is a second look, which the 95% "
            "confidence does not cover. Use a new study, or plan looks in advance."
        )


def _cost(page: Page) -> Blocks:
    yield Pictures()
    yield cost_table(page)
    yield paragraph(
        f"Gain: the mean over the {seeds_text(page)}; [L, U] are paired t intervals against doing nothing, which hold "
        "jointly for all arms with 95% confidence if the noise is normal, and far less often if rare runs are far off "
        "(benchmarks/other_intervals.md)."
    )


def _methods(page: Page) -> Blocks:
    yield paragraph(methods_text(page))
    yield paragraph("For the bibliography: ", Code(bibtex()))
    same = "The same for LaTeX, with a table: "
    if page.has_study:
        yield paragraph(same, Code(command(page, "report", "--latex")), ".")
    else:
        yield paragraph(same, "the command of this report, ", Code("ablate judge"), ", with ", Code("--latex"), ".")


def _mlflow(page: Page) -> Blocks:
    yield paragraph(
        "Run ",
        Code("ablate ui"),
        " in the folder of the sweep, open ",
        Link(f"the experiment {page.design.name}", experiment_address(page.design.name)),
        " and paste an arm's line into the search box above its runs. MLflow numbers experiments and runs again "
        "whenever its store is rebuilt, so the link goes by the name of the experiment, and the searches by tags.",
    )
    yield mlflow_table(page)
