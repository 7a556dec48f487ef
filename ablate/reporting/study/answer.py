"""The answer to a study's question, in one sentence."""

from __future__ import annotations

from ablate.reporting.markup.numbers import listed, unit
from ablate.reporting.study.model import UNSCORED, ArmRow, Page
from ablate.reporting.study.texts import arm_texts, comparison_texts
from ablate.statistics.evidence import Evidence
from ablate.statistics.verdicts import Verdict

ORDER: tuple[Verdict, ...] = ("worse", "better", "equivalent", "undecided", "waiting")

NAMED = 6
"""Arms of one verdict that a sentence can name."""


def answer(page: Page) -> str:
    """The verdicts as one sentence."""
    clauses = [
        _clause(verdict, chosen, page)
        for verdict in ORDER
        if (chosen := [row for row, comparison in page.compared if comparison.verdict == verdict])
    ]
    if useless := [row for row in page.rows if row.gain < 0]:
        gains = listed([f"{row.name} ({arm_texts(row, page).gain} dB)" for row in useless])
        clauses.append(f"{gains} {'does' if len(useless) == 1 else 'do'} worse than doing nothing")
    subject = _subject(page)
    given = f"Given the chosen settings, {subject}" if page.tuning else subject[0].upper() + subject[1:]
    return f"{given}: {'; '.join(clauses)}."


def _subject(page: Page) -> str:
    references = [row for row in page.rows if row.comparison is None]
    if len(references) > 1:
        return "each against the arm that differs from it only in " + " and ".join(page.study.reference)
    return f"against {references[0].name} ({arm_texts(references[0], page).mean}{unit(page.metric)})"


def _clause(verdict: Verdict, rows: list[ArmRow], page: Page) -> str:
    is_are = "is" if len(rows) == 1 else "are"
    names = listed([row.name for row in rows]) if len(rows) <= NAMED else f"{len(rows)} arms"
    sized = _sized(rows, page)
    counts = sorted({row.comparison.pairs for row in rows if row.comparison})
    seeds = f"{listed([str(count) for count in counts], 'or')} seed{'s' if counts != [1] else ''}"
    return {
        "worse": f"{sized} {is_are} worse",
        "better": f"{sized} {is_are} better",
        "equivalent": f"{names} {is_are} equivalent within ±{page.study.margin:g}{unit(page.metric)}",
        "undecided": f"{names} {is_are} undecided with {seeds}",
        "waiting": f"{names} {'waits' if len(rows) == 1 else 'wait'} for {_awaited(page)}",
    }[verdict]


def _awaited(page: Page) -> str:
    if page.missing and all(run.status == UNSCORED for run in page.missing):
        return f"runs without {page.metric.name}"
    return "missing runs" if page.missing or len(page.study.looks) == 1 else "the next look"


def _sized(rows: list[ArmRow], page: Page) -> str:
    """Arms with their differences; of many, only how many they are and how far they go."""
    if len(rows) <= NAMED:
        return listed([f"{row.name} ({_difference(row, page)})" for row in rows])
    ends = sorted(rows, key=lambda row: row.comparison.difference if row.comparison else 0)
    return f"{len(rows)} arms ({_difference(ends[0], page)} to {_difference(ends[-1], page)})"


def _difference(row: ArmRow, page: Page) -> str:
    assert row.comparison is not None
    return comparison_texts(row.comparison, page.metric, page.study.margin).difference + unit(page.metric)


def claim_sentence(evidence: Evidence, page: Page) -> str:
    """A claim, whether it holds, and its evidence: `a is worse than b: held (-1.00 dB [-1.10, -0.90], 98.75%)`."""
    claim, c = evidence.claim, evidence.comparison
    relation = {"equivalent": "equivalent to"}.get(claim.verdict, f"{claim.verdict} than")
    texts = comparison_texts(c, page.metric, page.study.margin)
    outcome = "undecided, since a run is missing" if c.verdict == "waiting" else evidence.outcome
    interval = f"{texts.interval}{unit(page.metric)} at {texts.level}"
    return f"{claim.arm} is {relation} {claim.than}: {outcome} ({interval})"
