"""The answer to a study's question, in a sentence or two, and each claim as a sentence."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ablate.metrics import METRICS
from ablate.records.record import FAILED
from ablate.reporting.markup.numbers import format_fixed, unit_suffix
from ablate.reporting.markup.words import MAX_NAMED, join_names, join_words, quote_name
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.excluded import split_bounded, undecided_clause, what_would_decide
from ablate.reporting.study.model import UNSCORED, Page
from ablate.reporting.study.references import losing_sentences
from ablate.reporting.study.texts import ENDS, arm_texts, comparison_texts, gain_decimals
from ablate.statistics.evidence import Evidence
from ablate.statistics.verdicts import Verdict
from ablate.studies.names import short_name, value_text

ORDER: tuple[Verdict, ...] = ("worse", "better", "equivalent", "undecided", "waiting")


def answer(page: Page) -> str:
    """The verdicts in one sentence, and in others what would decide the rest, and which arms are worse than nothing."""
    clauses = [
        clause
        for verdict in ORDER
        if (rows := [row for row, comparison in page.compared_arms if comparison.verdict == verdict])
        for clause in _clauses(verdict, rows, page)
    ]
    sentences = [f"{_context(page)}: {'; '.join(clauses)}."]
    if decisive := what_would_decide(page):
        sentences.append(decisive)
    return " ".join([*sentences, *_below_nothing(page), *losing_sentences(page)])


def _below_nothing(page: Page) -> Iterator[str]:
    """Which arms are worse than doing nothing, and of which that is not certain."""
    below = sorted((row for row in page.rows if row.level.gain < 0), key=lambda row: row.level.gain)
    if useless := [row for row in below if row.level.gain_high < 0]:
        names = _names(useless, len(page.rows), f"all {len(useless)} arms")
        yield f"The noisy input itself has a higher PSNR than {names}, {_losses(useless, page)}."
    if doubtful := [row for row in below if row.level.gain_high >= 0]:
        names = _names(doubtful, len(page.rows), f"all {len(doubtful)} arms")
        yield f"It is not certain that {names} {'does' if len(doubtful) == 1 else 'do'} better than doing nothing."


def _context(page: Page) -> str:
    """What the arms are compared with, and by which score."""
    references = _references(page)
    if len(references) > 1:
        settings = join_words(_reference_settings(page))
        context = f"each compared by {page.metric.name} with the arm that has {settings} and is otherwise the same"
    else:
        (reference,) = references
        mean = f"{arm_texts(reference, page).mean}{unit_suffix(page.metric)}"
        score = "" if math.isnan(reference.level.mean) else f" ({page.metric.name} {mean})"
        context = f"compared with {quote_name(reference.name)}{score}"
    return f"With each arm tuned, {context}" if page.tuning else context[0].upper() + context[1:]


def _references(page: Page) -> list[ArmRow]:
    return [row for row in page.rows if row.comparison is None]


def _reference_settings(page: Page) -> list[str]:
    """The settings that the references of a grid have in common, as its arms' names have them: `skip=both`."""
    return [f"{short_name(axis)}={value_text(value)}" for axis, value in page.design.baseline.items()]


def _clauses(verdict: Verdict, rows: list[ArmRow], page: Page) -> list[str]:
    """The arms with this verdict, and how large their differences are, or could be."""
    if verdict == "undecided":
        return [undecided_clause(part, _listed(part, page), page) for part in split_bounded(rows)]
    if verdict in ("worse", "better"):
        rows = sorted(rows, key=lambda row: -abs(_difference(row)))
    names, verb = _listed(rows, page), "is" if len(rows) == 1 else "are"
    return [
        {
            "worse": f"{names} {verb} worse {_sizes(rows, page)}",
            "better": f"{names} {verb} better {_sizes(rows, page)}",
            "equivalent": f"{names} {verb} equivalent within ±{page.design.margin:g}{unit_suffix(page.metric)}",
            "waiting": f"{names} {verb} waiting for {_cause_of_waiting(page)}",
        }[verdict]
    ]


def _listed(rows: Sequence[ArmRow], page: Page) -> str:
    every = f"all {len(rows)}{' other arms' if len(_references(page)) == 1 else ''}"
    return _names(rows, len(page.compared_arms), every)


def _names(rows: Sequence[ArmRow], total: int, all_of_them: str) -> str:
    """The arms by name, the first few and a number if they are many, or as all that there are."""
    if len(rows) == total > MAX_NAMED:
        return all_of_them
    return join_names([row.name for row in rows], MAX_NAMED)


def _cause_of_waiting(page: Page) -> str:
    statuses = {run.status for run in page.missing_runs}
    if statuses and not page.has_study:
        return "missing scores"
    if statuses == {UNSCORED}:
        return f"runs that lack {page.metric.name}"
    if statuses and statuses <= set(FAILED):
        return "runs that failed"
    return "missing runs" if page.missing_runs or len(page.design.looks) == 1 else "the next look"


def _difference(row: ArmRow) -> float:
    return row.comparison.difference if row.comparison else 0.0


def _sizes(rows: list[ArmRow], page: Page) -> str:
    """`by 0.5 to 2.0 dB`: how large the differences are, whatever their sign."""
    comparisons = [row.comparison for row in reversed(rows) if row.comparison]
    texts = [comparison_texts(c, page.metric, page.design.margin).difference for c in comparisons]
    return _by(texts, unit_suffix(page.metric))


def _losses(rows: list[ArmRow], page: Page) -> str:
    """The same for how far arms are below doing nothing, in dB, without the many digits that a gain can have."""
    usual = METRICS["test/gain"].digits
    losses = [-row.level.gain for row in rows]
    decimals = [
        min(usual, gain_decimals(row, page)) if loss >= 10**-usual else usual + 2
        for row, loss in zip(rows, losses, strict=True)
    ]
    texts = list(map(format_fixed, losses, decimals))
    return _by(texts[::-1], " dB")


def _by(texts: list[str], unit: str) -> str:
    """Differences in ascending order as a range of sizes, without their signs."""
    sizes = dict.fromkeys(text.lstrip("+−") for text in (texts[0], texts[-1]))
    return f"by {' to '.join(sizes)}{unit}"


def why_it_stopped(page: Page) -> str | None:
    """Why a study with several looks needs no more runs, in one line; None if it has one look, or continues."""
    ends = [row.end for row, _ in page.compared_arms]
    if len(page.design.looks) == 1 or None in ends:
        return None
    if set(ends) == {"decided"}:
        return f"The study stopped because every arm is decided, after {max(page.course.needed.values())} seeds."
    counts = ", ".join(f"{ends.count(end)} {ENDS[end]}" for end in ENDS if end in ends)
    return f"The study stopped after {max(page.course.needed.values())} seeds. Arms: {counts}."


def claim_sentence(evidence: Evidence, page: Page) -> str:
    """A claim, whether it holds, and its evidence: `a is worse than b: held (-1.00 dB [-1.10, -0.90], 98.75%)`."""
    claim, c = evidence.claim, evidence.comparison
    relation = {"equivalent": "equivalent to"}.get(claim.verdict, f"{claim.verdict} than")
    texts = comparison_texts(c, page.metric, page.design.margin)
    outcome: str = "undecided, since a run is missing" if c.verdict == "waiting" else evidence.outcome
    if c.verdict == "equivalent" and (claim.verdict, c.side) in (("better", "above"), ("worse", "below")):
        outcome += f": it is {claim.verdict}, but by less than the margin"
    shown, level = (texts.inner, texts.inner_level) if c.verdict == "equivalent" else (texts.interval, texts.level)
    interval = f"{shown}{unit_suffix(page.metric)} at {level}"
    return f"{quote_name(claim.arm)} is {relation} {quote_name(claim.than)}: {outcome} ({interval})"
