"""What a table of scores compares: a `Plan` without a study, and the claims about its arms."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from ablate.data_settings import Frozen
from ablate.errors import AblateError, StudyError, quote, suggest
from ablate.metrics import Metric, Score
from ablate.statistics.claims import Claim, Expected
from ablate.statistics.multiplicity import Look, spend
from ablate.studies.plan import Plan, PlannedArm, Seed
from ablate.studies.seeds import MAX_SEEDS

REFERENCES = ("reference", "baseline", "control", "default")
"""The names by which the reference is found if none is given."""

DIGITS = 4
"""Decimals of a score of which no uncertainty is known."""


class StatedClaim(Frozen):
    """A claim about two arms of a table, by their names."""

    arm: str
    than: str | None = Field(None, description="the arm that it is compared with; by default the reference")
    verdict: Expected


class ClaimsFile(Frozen):
    """A file of claims about the arms of a table."""

    expect: Annotated[list[StatedClaim], Field(min_length=1)]


def metric_of(score: str, *, higher_is_better: bool) -> Metric:
    """The metric of a column of scores, about which nothing else is known."""
    return Metric("", Score(score, "", higher_is_better, DIGITS, f"the column {quote(score)} of the table"))


def plan_scores(
    name: str,
    question: str,
    metric: Metric,
    seeds_by_arm: Mapping[str, Iterable[Seed]],
    *,
    reference: str | None,
    margin: float,
    looks: Sequence[int] = (),
    missing: int = 0,
    claims: Callable[[Sequence[PlannedArm]], tuple[Claim, ...]] = lambda arms: (),
) -> Plan:
    """Plan the comparison of each arm with the reference, over all seeds of the table in ascending order.

    Labels of seeds are in the order of their letters. Seeds of later looks that no run has yet are the numbers that
    follow, or are named by their places.

    Raises:
        AblateError: the reference is unknown, an arm shares no seed with it, or an option does not fit the table.
    """
    arms = list(seeds_by_arm)
    against = _find_reference(arms, reference)
    if not 0 < margin < math.inf:
        raise AblateError(f"--margin must be a number above 0, in the unit of the score (given: {margin:g})")
    seeds: list[Seed] = sorted(set().union(*seeds_by_arm.values()))
    planned = _plan_looks(looks, len(seeds))
    if not 0 <= missing < planned[0].seeds:
        fact = f"--missing must be less than the number of seeds of the first look, {planned[0].seeds}"
        raise AblateError(f"{fact} (given: {missing}); allowed: 0 to {planned[0].seeds - 1}")
    _check_paired(seeds_by_arm, against)
    last = planned[-1].seeds
    seeds += _later_seeds(seeds, last - len(seeds))
    planned_arms = tuple(PlannedArm(name=arm, against=None if arm == against else against) for arm in arms)
    return Plan(
        name=name,
        question=question,
        metric=metric,
        margin=margin,
        arms=planned_arms,
        claims=claims(planned_arms),
        seeds=tuple(seeds),
        looks=planned,
        missing=missing,
    )


def _find_reference(arms: list[str], given: str | None) -> str:
    if len(arms) < 2:
        raise AblateError(f"there is only one arm, {quote(arms[0])}; a comparison needs two or more")
    obvious = [arm for arm in arms if arm.lower() in REFERENCES]
    if given is None and len(obvious) != 1:
        raise AblateError(f"no arm is obviously the reference; name it with --reference; allowed: {', '.join(arms)}")
    if given is not None and given not in arms:
        raise AblateError(f"--reference {quote(given)} is not an arm of the table; {suggest(given, arms)}")
    return obvious[0] if given is None else given


def _plan_looks(looks: Sequence[int], seeds: int) -> tuple[Look, ...]:
    if not looks:
        return (Look(seeds),)
    if list(looks) != sorted(set(looks)) or not 2 <= looks[0] <= looks[-1] <= MAX_SEEDS:
        rule = f"--looks must be ascending numbers of seeds, from 2 to {MAX_SEEDS}"
        raise AblateError(f"{rule}, such as 3,6,12 (given: {','.join(map(str, looks))})")
    if looks[-1] < seeds:
        fact = f"--looks end at {looks[-1]} seeds, but the table has {seeds}: further seeds would be another look"
        raise AblateError(f"{fact}; allowed: the number of seeds that was planned, {seeds} or more")
    return spend(tuple(looks))


def _later_seeds(seeds: Sequence[Seed], count: int) -> list[Seed]:
    """Names for seeds of later looks: the numbers that follow, or the places of labels among all of them."""
    if isinstance(seeds[-1], int):
        return list(range(seeds[-1] + 1, seeds[-1] + 1 + count))
    return [f"later seed {number}" for number in range(len(seeds) + 1, len(seeds) + 1 + count)]


def _check_paired(seeds_by_arm: Mapping[str, Iterable[Seed]], reference: str) -> None:
    """Each arm must share a seed with the reference, since runs are compared in pairs."""
    own = set(seeds_by_arm[reference])
    unpaired = [quote(arm) for arm, seeds in seeds_by_arm.items() if not own & set(seeds)]
    if unpaired:
        fact = f"{', '.join(unpaired)} cannot be paired: no seed is also one of the reference {quote(reference)}"
        raise AblateError(f"{fact}, which has {', '.join(map(str, sorted(own)))}")


def find_stated_claims(stated: Sequence[StatedClaim], arms: Sequence[PlannedArm]) -> tuple[Claim, ...]:
    """The claims of a file, with the reference where they name no other arm.

    Raises:
        StudyError: an arm is unknown or compared with itself, or two claims are about the same pair.
    """
    against = {arm.name: arm.against for arm in arms}
    found: dict[frozenset[str], Claim] = {}
    for index, item in enumerate(stated):
        for key, name in (("arm", item.arm), ("than", item.than)):
            if name is not None and name not in against:
                raise StudyError(("expect", index, key), f"unknown arm {quote(name)}; {suggest(name, against)}")
        than = item.than or against[item.arm]
        if than is None or than == item.arm:
            fact = f"{quote(item.arm)} is compared with itself; add `than` with another arm"
            raise StudyError(("expect", index, "arm"), fact)
        if (pair := frozenset((item.arm, than))) in found:
            fact = f"duplicate claim about {quote(item.arm)} and {quote(than)}"
            raise StudyError(("expect", index), f"{fact}; allowed: at most one per pair of arms")
        found[pair] = Claim(item.arm, than, item.verdict)
    return tuple(found.values())
