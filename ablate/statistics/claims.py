"""Verdicts on pairs of arms, and claims about them, stated before the first run; nothing heavy is imported."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Verdict = Literal["better", "worse", "equivalent", "undecided", "waiting"]

Expected = Literal["better", "worse", "equivalent"]

Outcome = Literal["held", "contradicted", "undecided"]

Pair = tuple[str, str]
"""The names of an arm and of the arm that it is compared with."""


@dataclass(frozen=True)
class Claim:
    """`arm` is better than `than`, worse, or equivalent to it; both are names of arms."""

    arm: str
    than: str
    verdict: Expected
