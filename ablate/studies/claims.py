"""The claims of a study: which two arms each of them compares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ablate.errors import Steps, StudyError, quote, suggest
from ablate.overrides import check_setting
from ablate.settings import dotted
from ablate.statistics.claims import Claim
from ablate.studies.designs import Arm
from ablate.studies.study import Overrides, Study


def find_claims(study: Study, arms: Sequence[Arm]) -> tuple[Claim, ...]:
    """Find the arms that the claims of a study compare; the claims are in the order of its `expect`.

    Raises:
        StudyError: a claim does not select exactly one arm to compare, or two claims are about the same pair of arms.
    """
    found = tuple(_make_claim(study, arms, index) for index in range(len(study.expect)))
    stated: set[frozenset[str]] = set()
    for index, claim in enumerate(found):
        pair = frozenset((claim.arm, claim.than))
        if pair in stated:
            fact = f"duplicate claim about {quote(claim.arm)} and {quote(claim.than)}"
            raise StudyError(("expect", index), f"{fact}; allowed: at most one per pair of arms")
        stated.add(pair)
    return found


def _make_claim(study: Study, arms: Sequence[Arm], index: int) -> Claim:
    expectation = study.expect[index]
    arm = _select(study, arms, expectation.arm, ("expect", index, "arm"))
    than = arm.against
    if expectation.than is not None:
        than = _select(study, arms, expectation.than, ("expect", index, "than")).name
    if than is None:
        fact = f"{quote(arm.name)} is itself a reference; add `than` with the arm that it is compared with"
        raise StudyError(("expect", index, "arm"), fact)
    if than == arm.name:
        fact = f"the claim compares {quote(than)} with itself"
        raise StudyError(("expect", index, "than"), f"{fact}; allowed: another arm")
    return Claim(arm.name, than, expectation.verdict)


def _select(study: Study, arms: Sequence[Arm], chosen: Overrides | str, path: Steps) -> Arm:
    """Find the one arm that has this name or these settings."""
    if isinstance(chosen, dict):
        return _with_settings(study, arms, chosen, path)
    if study.arms is None:
        fact = f"with `vary` a claim must select an arm by its settings (given: {quote(chosen)})"
        raise StudyError(path, f"{fact}; allowed: a mapping such as {{{next(iter(study.vary or {}))}: ...}}")
    named = next((arm for arm in arms if arm.name == chosen), None)
    if named is None:
        raise StudyError(path, f"unknown arm {quote(chosen)}; {suggest(chosen, study.arms)}")
    return named


def _with_settings(study: Study, arms: Sequence[Arm], chosen: Overrides, path: Steps) -> Arm:
    found = list(arms)
    for name, value in chosen.items():
        check_setting(name, (*path, name), study.variants)
        if study.tune is not None and name in study.tune.space:
            fact = f"{name} is tuned, so its value in each arm is not known in advance"
            raise StudyError((*path, name), f"{fact}; allowed: other settings", of_key=True)
        taken = [settings[name] for arm in arms if name in (settings := dotted(arm.settings))]
        if not any(_is_same(value, other) for other in taken):
            listed = ", ".join(dict.fromkeys(map(quote, taken)))
            fact = f"no arm of this study has {name} = {quote(value)}"
            raise StudyError((*path, name), f"{fact}; allowed: {listed}")
        found = [arm for arm in found if _is_same(value, dotted(arm.settings).get(name))]
    if len(found) != 1:
        listed = ", ".join(quote(arm.name) for arm in (found or list(arms))[:10])
        fact = f"a claim must select exactly one arm, not {len(found) or 'none'} (given: {quote(chosen)})"
        raise StudyError(path, f"{fact}; {'selected' if found else 'arms'}: {listed}")
    return found[0]


def _is_same(given: Any, taken: Any) -> bool:
    """Whether a value of the file equals that of a setting: `1` equals `1.0` but not `true`, and a list its tuple."""
    if isinstance(given, list | tuple):
        return isinstance(taken, tuple) and len(given) == len(taken) and all(map(_is_same, given, taken))
    return isinstance(given, bool) == isinstance(taken, bool) and bool(given == taken)
