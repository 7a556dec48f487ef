"""Whether claims hold, by the same rule that gives arms their verdicts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ablate.statistics.claims import Claim, Expected, Outcome
from ablate.statistics.course import Course
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import Comparison


@dataclass(frozen=True)
class Evidence:
    """A claim, the comparison of its two arms, and what follows for the claim."""

    claim: Claim
    comparison: Comparison
    outcome: Outcome


def weigh_claims(claims: Iterable[Claim], course: Course, scores: Scores) -> list[Evidence]:
    """Every claim with its evidence, in their order."""
    claims = list(claims)
    compared = course.compare_pairs(scores, [(claim.arm, claim.than) for claim in claims])

    def evidence(claim: Claim) -> Evidence:
        found = compared[claim.arm, claim.than]
        return Evidence(claim, found, weigh(claim.verdict, found, scores.margin))

    return [evidence(claim) for claim in claims]


def weigh(claimed: Expected, comparison: Comparison, margin: float) -> Outcome:
    """Decide whether a claim holds. It does if the verdict is the one that was claimed.

    *Better* and *worse* claim a difference that matters, so every other verdict that decides contradicts them: the
    opposite direction, but also *equivalent*, even if the whole interval lies on the claimed side of zero.
    *Equivalent* is contradicted only by an interval beyond the margin (low >= margin or high <= -margin), because an
    arm that is shown to be better can still be so by less than the margin.

    A claim is undecided if its comparison is undecided or waits for a run. The verdicts that a bad run rules out
    neither support nor contradict a claim: if an arm has one, "better" never holds, and is contradicted only if the
    arm is worse.

    >>> from ablate.statistics.verdicts import compare
    >>> arm, reference = [29.5, 30.1, 28.9], [29.1, 29.8, 28.5]
    >>> weigh("better", compare(arm, reference, margin=0.1, comparisons=1), margin=0.1)
    'held'
    """
    if comparison.verdict == claimed:
        return "held"
    if comparison.verdict in ("undecided", "waiting"):
        return "undecided"
    beyond = comparison.low >= margin or comparison.high <= -margin
    return "contradicted" if beyond or claimed != "equivalent" else "undecided"


def exit_code(evidence: list[Evidence]) -> int:
    """1 if a claim is contradicted, else 3 if one is undecided, else 0."""
    outcomes = {item.outcome for item in evidence}
    return 1 if "contradicted" in outcomes else 3 if "undecided" in outcomes else 0
