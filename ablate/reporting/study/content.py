"""What a page says, in words: its sections from top to bottom, the same for every template."""

from __future__ import annotations

import math
from collections.abc import Iterator

from ablate.reporting.markup.document import Block, Code, Document, Items, Link, paragraph
from ablate.reporting.markup.figures import Pictures, section_of
from ablate.reporting.markup.numbers import fixed, listed, percent, unit
from ablate.reporting.origins import experiment_address
from ablate.reporting.study.answer import answer, claim_sentence
from ablate.reporting.study.figures import FIGURES
from ablate.reporting.study.grid_tables import interactions_table, shares_table
from ablate.reporting.study.grids import GridFacts
from ablate.reporting.study.model import UNSCORED, Page
from ablate.reporting.study.sections import SectionTitle
from ablate.reporting.study.tables import (
    cost_table,
    course_table,
    mlflow_table,
    needed_table,
    rates_table,
    seeds_table,
    sensitivity_table,
    tuning_table,
    verdict_table,
)
from ablate.settings import dotted
from ablate.statistics.multiplicity import CONFIDENCE, SHARED, SPENT, level_of
from ablate.statistics.rates import rate

Blocks = Iterator[Block | Pictures]


def document(page: Page) -> Document:
    """The page of a study."""
    parts: list[tuple[SectionTitle, Blocks | None]] = [
        (SectionTitle.VERDICTS, _verdicts(page)),
        (SectionTitle.TUNING, _tuning(page) if page.tuning else None),
        (SectionTitle.COURSE, _course(page) if len(page.design.looks) > 1 else None),
        (SectionTitle.CLAIMS, _claims(page) if page.claims else None),
        (SectionTitle.GRID, _grid(page, page.grid) if page.grid else None),
        (SectionTitle.SEEDS, _seeds(page)),
        (SectionTitle.ROBUSTNESS, _robustness(page)),
        (SectionTitle.COST, _cost(page)),
        (SectionTitle.CURVES, iter(())),
        (SectionTitle.SAMPLES, iter(())),
        (SectionTitle.WRONG, _wrong(page)),
        (SectionTitle.COMPUTED, _computed(page)),
        (SectionTitle.MLFLOW, _mlflow(page)),
    ]
    sections = tuple(section_of(part, blocks, FIGURES, page) for part, blocks in parts if blocks is not None)
    return Document(page.study.name, page.study.question, answer(page), tuple(_warnings(page)), sections)


def _warnings(page: Page) -> Iterator[str]:
    unscored = [run for run in page.missing if run.status == UNSCORED]
    missing = [run for run in page.missing if run not in unscored]
    if missing:
        yield f"Not there yet, so that verdicts wait: {'; '.join(map(str, missing))}."
    if unscored:
        names = "; ".join(f"{run.arm} seed {run.seed}" for run in unscored)
        yield (
            f"Recorded without {page.metric.name}, so that verdicts wait: {names}. The next `ablate sweep` computes it "
            "from their weights; where these are gone, `ablate sweep --retry-failed` trains the runs again."
        )
    yield from page.warnings


def _verdicts(page: Page) -> Blocks:
    margin = f"{page.study.margin:g}{unit(page.metric)}"
    yield verdict_table(page)
    yield paragraph(
        f"Up is good in every difference; [L, U] is its interval. The margin is {margin}: a smaller difference does "
        "not matter to whoever asked. The smallest margin is the one at which the arm would be equivalent."
    )
    if not math.isnan(page.nothing + page.zero):
        scores = [f"{fixed(value, page.metric.digits)}{unit(page.metric)}" for value in (page.nothing, page.zero)]
        yield paragraph(
            f"For scale: doing nothing (the output is the input) scores {scores[0]}, answering zero {scores[1]}."
        )
    yield Pictures()


def _course(page: Page) -> Blocks:
    used, numbers = len(page.used), listed([str(look.seeds) for look in page.study.looks])
    yield paragraph(
        f"The looks were planned at {numbers} seeds, each with the arms that were still undecided. The verdicts rest "
        f"on {used} runs; with {len(page.study.seeds)} seeds for every arm it would have been {page.planned}: "
        f"{page.planned - used} ({percent(1 - used / page.planned)}) were saved."
    )
    yield course_table(page)
    yield Pictures()
    if page.unused:
        names = "; ".join(f"{run.arm} seed {run.seed} ({run.status})" for run in page.unused)
        yield paragraph(f"Unused, since it turned out that no look needed them: {names}.")


def _tuning(page: Page) -> Blocks:
    search = page.tuning[0].search
    budget = f"{search.trials} trials of {search.base['training.epochs']} epochs on the seed {search.seed}"
    yield paragraph(
        "All verdicts are given the chosen settings. Each arm, the reference too, was tuned by a search of its own "
        f"with the same budget: {budget}, none of those that it is judged on, drawn by Optuna's sampler "
        f"{search.sampler} and judged by {search.metric}. Another budget or another space may choose otherwise."
    )
    yield tuning_table(page)
    near = [f"{tuning.arm} ({listed(tuning.near_an_end)})" for tuning in page.tuning if tuning.near_an_end]
    if near:
        yield paragraph(f"Chosen near an end of its range, so that what is best may lie beyond: {'; '.join(near)}.")
    yield Pictures()


def _claims(page: Page) -> Blocks:
    yield Items(tuple((claim_sentence(evidence, page),) for evidence in page.claims))
    yield paragraph("The claims stood in the study; they are judged by the same rule as the verdicts.")


def _grid(page: Page, grid: GridFacts) -> Blocks:
    yield Pictures()
    yield interactions_table(page, grid)
    if len(page.study.looks) > 1:
        yield paragraph(
            f"All of this is over the {page.study.looks[0].seeds} seeds of the first look: every cell has them."
        )
    yield paragraph(
        "Beyond the sum: how much better the two changes together are than the sum of each alone, with the seeds as "
        f"blocks, by paired t intervals at a joint confidence of 95% over these {len(grid.interactions)} contrasts, "
        "apart from the verdicts'. In simulated grids that confidence held but for rare drops of single runs in large "
        "grids with few seeds (benchmarks/calibration.md). A contrast with a diverged run is settled neither way."
    )
    if grid.shares:
        yield shares_table(grid)
        yield paragraph(
            "ω² estimates what part of the variance of all scores an axis explains"
            f"{_over_complete(page)}. There is no p value: the F test errs where one cell varies more than the others."
        )


def _over_complete(page: Page) -> str:
    seeds = page.study.looks[0].seeds
    complete = len(page.scores.iloc[:seeds].dropna())
    return f", over the {complete} of {seeds} seeds of which no run is missing" if complete < seeds else ""


def _seeds(page: Page) -> Blocks:
    yield Pictures()
    yield seeds_table(page)


def _robustness(page: Page) -> Blocks:
    changing = [item.arm for item in page.sensitivity if item.changes]
    yield paragraph(
        f"Another choice would have changed the verdict on {listed(changing)}."
        if changing
        else "No verdict would have changed by any of these choices."
    )
    yield sensitivity_table(page)
    if any(row.needed for row in page.rows):
        yield needed_table(page)
        yield paragraph(
            "Seeds with which the rule would settle an undecided comparison, and rightly, with 80% power; a range, "
            "since the standard deviation is itself uncertain. They need a new study, or one that planned for them: "
            "to look at a report and then to add seeds is a second look that the 95% do not cover."
        )


def _cost(page: Page) -> Blocks:
    yield Pictures()
    yield cost_table(page)


def _wrong(page: Page) -> Blocks:
    ended, broken = sum(row.seeds for row in page.rows), sum(row.failed for row in page.rows)
    if any(row.diverged or row.failed for row in page.rows):
        yield rates_table(page)
    else:
        highest = percent(rate(0, ended).high)
        yield paragraph(f"None of {ended} runs diverged or failed: their rate may be up to {highest} (95% interval).")
    if page.bad_seed_bound < 1:
        yield paragraph(
            "In an arm without any bad seed, the rate of bad seeds may still be up to "
            f"{percent(page.bad_seed_bound)} (95% confidence): the intervals cannot promise the mean under disasters "
            "that no seed has shown."
        )
    if page.divergences:
        yield paragraph(f"Diverged: {'; '.join(page.divergences)}.")
    if broken:
        yield paragraph(
            "A failed run broke with an error, lost its worker twice or took more than its time; it has no score, and ",
            Code("ablate sweep --retry-failed"),
            " trains it again.",
        )
    yield paragraph(
        "A diverged run (a loss that is not finite, or worse than answering zero) scores what answering zero does. An "
        "arm with a diverged run is never better or equivalent; if the reference has one, no arm is worse or "
        "equivalent."
    )


def _computed(page: Page) -> Blocks:
    recorded = "; ".join(f"{name} {value}" for name, value in page.provenance.items())
    texts = [
        f"Every arm was trained with {_which_seeds(page)}, and arms that share a seed see the same training scenes "
        "and start shared parameters alike: the seed is the pair.",
        f"A run saw {_shared(page, 'training.epochs')} epochs of {_shared(page, 'training.scenes')} scenes. The epoch "
        f"was chosen by {_shared(page, 'data.validation')} validation scenes, and the score is that of "
        f"{_shared(page, 'data.test')} test scenes; both are the same for all seeds.",
        f"The score is {page.metric.name}: {page.metric.description}. PSNR is 10 log10(1 / MSE) with the MSE pooled "
        "over the whole set.",
        f"Each interval is that of a paired t test {_levels(page)}. Equivalent: the whole interval lies inside the "
        'margin; better, worse: it lies beside zero; undecided: neither, which is not "no effect".',
        "The intervals cover training seeds, for these test images. What other test images would change is "
        '"± over test images": a run\'s standard error over them, averaged over its seeds.',
        "Numbers are rounded to their uncertainty: to the second digit of a mean's standard error where that begins "
        "with 100 to 354, else to the first.",
        f"Training took {fixed(page.train_hours, 1)} hours of one device in all.",
        f"Recorded by the runs: {recorded or 'nothing yet'}.",
    ]
    yield Items(tuple((text,) for text in texts))


def _which_seeds(page: Page) -> str:
    seeds = ", ".join(map(str, page.study.seeds))
    return f"the same seeds ({seeds})" if len(page.study.looks) == 1 else f"the first of the same seeds ({seeds})"


def _levels(page: Page) -> str:
    """At which confidence, and why."""
    if len(page.study.looks) == 1:
        together = f", so that all {page.comparisons} together hold with {percent(CONFIDENCE)} ({SHARED})"
        return f"at {100 * page.level:.2f}%" + (together if page.comparisons > 1 else "")
    return (
        f"at {_listed_levels(page)}, so that all {page.comparisons} hold together with {percent(CONFIDENCE)} at all "
        f"looks ({SPENT}, added up by {SHARED}). A first verdict is final. An arm is given up as undecided, between "
        "the first and the last look, where even the last look could hardly decide it: with its sd at a lower 90% "
        "bound, and its mean moved in a verdict's favour as far as the seeds to come would move it in nine cases of ten"
    )


def _listed_levels(page: Page) -> str:
    """`99.58% for the look at 3 seeds, ...`: the confidence of each look, by the rule that is used."""
    levels = [(look.seeds, level_of(page.comparisons, look.share)) for look in page.study.looks]
    return listed([f"{100 * level:.2f}% for the look at {seeds} seeds" for seeds, level in levels])


def _shared(page: Page, setting: str) -> str:
    """A setting's value, or its values where arms differ."""
    values = dict.fromkeys(dotted(arm.settings)[setting] for arm in page.design.arms)
    return " or ".join(f"{value:,}" for value in values)


def _mlflow(page: Page) -> Blocks:
    yield paragraph(
        "With ",
        Code("ablate ui"),
        " running in the folder of the sweep: open ",
        Link(f"the experiment {page.study.name}", experiment_address(page.study.name)),
        " and put an arm's line into the search box above its runs. MLflow numbers experiments and runs anew whenever "
        "its store is rebuilt, so a lasting link can lead to the experiment's name only; these tags stay.",
    )
    yield mlflow_table(page)
