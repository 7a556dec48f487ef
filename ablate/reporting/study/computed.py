"""What a page says about how its numbers were computed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ablate.records.record import ENDED
from ablate.reporting.markup.document import Block, Items
from ablate.reporting.markup.numbers import format_duration, format_percent
from ablate.reporting.markup.words import join_words, quote_name
from ablate.reporting.study.model import Page
from ablate.reporting.study.pictures import picture_facts
from ablate.settings import dotted
from ablate.statistics.multiplicity import CONFIDENCE, SHARED, SPENT, level_of
from ablate.variants.files import digest

KEPT = "under the kinds of noise (variation between seeds) for which benchmarks/calibration.md shows it"
"""The condition of the joint confidence."""


def computed(page: Page) -> Iterator[Block]:
    """The seeds, the scenes, the score, the intervals and the software."""
    of_differences = "; that of the verdicts is for the difference" if page.difference_errors else ""
    environment = "; ".join(f"{name} {value}" for name, value in page.provenance.items())
    texts = [
        f"Every arm was trained with {_which_seeds(page)}. Arms with the same seed see the same training scenes and "
        "start from the same values of the parameters that they share, so runs are paired by seed.",
        f"Each run trained for {setting_text(page, 'training.epochs')} epochs of "
        f"{setting_text(page, 'training.scenes')} scenes. {setting_text(page, 'data.validation')} validation scenes "
        f"selected the epoch, and {setting_text(page, 'data.test')} test scenes gave the score; both sets are the same "
        "for all seeds.",
        *picture_facts(page),
        f"The score is {page.metric.name}: {page.metric.description}. PSNR is 10 log10(1 / MSE), with the MSE pooled "
        "over all images of the set.",
        f"Each outer interval is that of a paired t test {_levels(page)}. Each end of an inner interval is a one-sided "
        "bound of the same confidence, so its two-sided error is twice as large. Equivalent: the inner interval lies "
        "inside the margin (two one-sided tests); better or worse: the outer one does not contain zero; undecided: "
        'neither, which does not mean "no effect".',
        "The intervals cover the choice of training seeds, for these test images. How much other test images would "
        'change a score is in the column "± over test images": the standard error of a run\'s score over the images, '
        f"averaged over the seeds{of_differences}.",
        "Numbers are rounded to their uncertainty: to the second significant digit of a mean's standard error if its "
        "first three digits are from 100 to 354, else to the first.",
        f"Training took {format_duration(page.train_seconds)} of device time in all.",
        f"Recorded by the runs: {environment or 'nothing yet'}.",
        *_verified(page),
        *_own_parts(page),
    ]
    yield Items(tuple((text,) for text in texts))


def computed_from_scores(page: Page) -> Iterator[Block]:
    """The seeds, the score and the intervals of a table of scores."""
    better = "higher" if page.metric.higher_is_better else "lower"
    texts = [
        f"The scores were read from {page.data.source}: {int(page.scores.notna().sum().sum())} of "
        f"{len(page.rows)} arms, and {better} is better. How the runs were trained is not known here.",
        "Runs are paired by seed. Pairing removes noise only if runs of the same seed have something in common, such "
        "as their data, their folds or their initial values; the column on correlation shows how much.",
        f"Each outer interval is that of a paired t test {_levels(page)}. Each end of an inner interval is a one-sided "
        "bound of the same confidence. Equivalent: the inner interval lies inside the margin (two one-sided tests); "
        "better or worse: the outer one does not contain zero; undecided: neither.",
        "The confidence assumes that the seeds were chosen before the first score was seen, and that none was left "
        "out because of its score.",
    ]
    yield Items(tuple((text,) for text in texts))


def _verified(page: Page) -> Iterator[str]:
    """How many runs were trained again, when, and with which outcomes."""
    if found := page.data.verified:
        dates = join_words(sorted({item.date for item in found}))
        counts = Counter(item.outcome for item in found)
        outcomes = ", ".join(f"{outcome}: {count}" for outcome, count in counts.items())
        ended = int(page.data.runs.status.isin(ENDED).sum())
        yield f"Verified on {dates}: {len(found)} of {ended} runs were trained again and compared ({outcomes})."


def _own_parts(page: Page) -> Iterator[str]:
    """The study's own parts that arms use, and the files that they come from."""
    used = {part.name: part for arm in page.study.arms for part in arm.settings.variants}
    for part in used.values():
        files = join_words([file.name for file in part.files])
        yield (
            f"{quote_name(part.name)} ({part.place}) is a part of this study's own, from {files}. The digest of these "
            f"files as they were executed is {digest(part.files)}; it is in the ids of the runs that use the part."
        )


def _which_seeds(page: Page) -> str:
    seeds = ", ".join(map(str, page.design.seeds))
    return f"the same seeds ({seeds})" if len(page.design.looks) == 1 else f"the first of the same seeds ({seeds})"


def _levels(page: Page) -> str:
    """The confidence of each interval, and why."""
    if len(page.design.looks) == 1:
        together = f", so all {page.comparisons} hold jointly with {format_percent(CONFIDENCE)} ({SHARED}), {KEPT}"
        return f"at {100 * page.level:.2f}%" + (together if page.comparisons > 1 else "")
    return (
        f"at {_list_levels(page)}, so all {page.comparisons} hold jointly with {format_percent(CONFIDENCE)} at all "
        f"looks ({SPENT}, added up by {SHARED}), {KEPT}. The first verdict on an arm is final. Between the first and "
        "the last look an arm is given up as undecided if even the last look could hardly decide it: with its standard "
        "deviation at a lower 90% bound, and with its mean moved in favour of a verdict as far as the remaining seeds "
        "would move it in nine cases out of ten"
    )


def _list_levels(page: Page) -> str:
    """The confidence of each look, by the rule in use: `99.58% for the look at 3 seeds, ...`."""
    levels = [(look.seeds, level_of(page.comparisons, look.share)) for look in page.design.looks]
    return join_words([f"{100 * level:.2f}% for the look at {seeds} seeds" for seeds, level in levels])


def setting_text(page: Page, setting: str) -> str:
    """A setting's value, or its values where arms differ."""
    values = dict.fromkeys(dotted(arm.settings)[setting] for arm in page.study.arms)
    return " or ".join(f"{value:,}" for value in values)
