"""Claims about two arms, stated before the first run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Expected = Literal["better", "worse", "equivalent"]

Pair = tuple[str, str]
"""The names of an arm and of the arm that it is compared with."""


@dataclass(frozen=True)
class Claim:
    """`arm` is better than `than`, worse, or equivalent to it; both are names of arms."""

    arm: str
    than: str
    verdict: Expected
