"""What a study expects of its arms -> claims: which two arms each compares, and how many comparisons that makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ablate.errors import Steps, StudyError, nearest, shown
from ablate.settings import check_setting, dotted
from ablate.statistics.claims import Claim, Pair
from ablate.studies.designs import Arm
from ablate.studies.study import Overrides, Study


def find_claims(study: Study, arms: Sequence[Arm]) -> tuple[Claim, ...]:
    """The claims of a study about its arms, in the order of its `expect`.

    Raises:
        StudyError: a claim does not name one arm, or two; or its pair of arms has a claim already.
    """
    found = tuple(_claim(study, arms, index) for index in range(len(study.expect)))
    stated: set[frozenset[str]] = set()
    for index, claim in enumerate(found):
        pair = frozenset((claim.arm, claim.than))
        if pair in stated:
            fact = f"a claim about {shown(claim.arm)} and {shown(claim.than)} stands above already"
            raise StudyError(("expect", index), f"{fact}; allowed: one for each pair of arms")
        stated.add(pair)
    return found


def find_pairs(arms: Sequence[Arm], claims: Sequence[Claim]) -> tuple[Pair, ...]:
    """The pairs of arms that a study compares, over which its error is shared: an arm, and what it is compared with.

    Each arm with its reference is one; a claim about any other two arms adds one. A claim the other way round, of a
    reference against an arm, adds none: it is the same interval, mirrored.
    """
    found = [(arm.name, arm.against) for arm in arms if arm.against is not None]
    found += [(claim.arm, claim.than) for claim in claims]
    first: dict[frozenset[str], Pair] = {}
    for pair in found:
        first.setdefault(frozenset(pair), pair)
    return tuple(first.values())


def _claim(study: Study, arms: Sequence[Arm], index: int) -> Claim:
    expectation = study.expect[index]
    arm = _select(study, arms, expectation.arm, ("expect", index, "arm"))
    than = arm.against
    if expectation.than is not None:
        than = _select(study, arms, expectation.than, ("expect", index, "than")).name
    if than is None:
        fact = f"{shown(arm.name)} is a reference itself; say by `than` which arm it is compared with"
        raise StudyError(("expect", index, "arm"), fact)
    if than == arm.name:
        raise StudyError(("expect", index, "than"), f"{shown(than)} is the claim's arm itself; allowed: another arm")
    return Claim(arm.name, than, expectation.verdict)


def _select(study: Study, arms: Sequence[Arm], chosen: Overrides | str, path: Steps) -> Arm:
    """The one arm that is called so, or that has these settings."""
    if isinstance(chosen, dict):
        return _with_settings(study, arms, chosen, path)
    if study.arms is None:
        fact = f"with `vary` a claim tells an arm by its settings (given: {shown(chosen)})"
        raise StudyError(path, f"{fact}; allowed: a mapping such as {{{next(iter(study.vary or {}))}: ...}}")
    named = next((arm for arm in arms if arm.name == chosen), None)
    if named is None:
        raise StudyError(path, f"there is no arm {shown(chosen)} in this study; {nearest(chosen, study.arms)}")
    return named


def _with_settings(study: Study, arms: Sequence[Arm], chosen: Overrides, path: Steps) -> Arm:
    found = list(arms)
    for name, value in chosen.items():
        check_setting(name, (*path, name))
        if study.tune is not None and name in study.tune.space:
            fact = f"{name} is tuned, so that nobody knows yet which arm will have which value"
            raise StudyError((*path, name), f"{fact}; allowed: other settings", of_key=True)
        taken = [dotted(arm.settings)[name] for arm in arms]
        if not any(_same(value, other) for other in taken):
            listed = ", ".join(dict.fromkeys(map(shown, taken)))
            fact = f"no arm of this study has {name} = {shown(value)}"
            raise StudyError((*path, name), f"{fact}; allowed: {listed}")
        found = [arm for arm in found if _same(value, dotted(arm.settings)[name])]
    if len(found) != 1:
        listed = ", ".join(shown(arm.name) for arm in (found or list(arms))[:10])
        fact = f"a claim's settings select one arm, these select {len(found) or 'none'} (given: {shown(chosen)})"
        raise StudyError(path, f"{fact}; {'selected' if found else 'arms'}: {listed}")
    return found[0]


def _same(given: Any, taken: Any) -> bool:
    """Whether a value of the file is that of a setting: `1` is `1.0` but not `true`, a list is a tuple."""
    if isinstance(given, list | tuple):
        return isinstance(taken, tuple) and len(given) == len(taken) and all(map(_same, given, taken))
    return isinstance(given, bool) == isinstance(taken, bool) and bool(given == taken)
