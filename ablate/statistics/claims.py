"""A claim about two arms, stated before the first run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Expected = Literal["better", "worse", "equivalent"]

Pair = tuple[str, str]
"""An arm, and the one that it is compared with."""


@dataclass(frozen=True)
class Claim:
    """`arm` is better than `than`, worse, or equivalent to it; both are names of arms."""

    arm: str
    than: str
    verdict: Expected
