"""Many comparisons, one error: the family of a study, its looks, and the confidence that each comparison gets.

Another rule for many comparisons (or for many looks) is another `level_of` (or `spend`) and its name beside it:
verdicts, power, reports and benchmarks take their levels, and reports the words for them, from here. Nothing heavy is
imported: plans need the looks, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from ablate.statistics.claims import Pair

CONFIDENCE = 0.95
"""Of all intervals of a family together."""


class Look(NamedTuple):
    """A look at the first `seeds` seeds, which may spend this `share` of the error of the family's verdicts."""

    seeds: int
    share: float = 1.0


@dataclass(frozen=True)
class Family:
    """The comparisons over which one error is shared, and when they are made.

    Attributes:
        pairs: each an arm and the one that it is compared with.
        looks: a single one, or several at more and more seeds.
        max_runs, max_seconds: of training, after which no further look is taken; None: without a limit.
    """

    pairs: tuple[Pair, ...]
    looks: tuple[Look, ...]
    max_runs: int | None = None
    max_seconds: float | None = None

    @property
    def level(self) -> float:
        """The confidence of each comparison where there is a single look."""
        return level_of(len(self.pairs))


SHARED = "Bonferroni"
"""How one error is shared over many comparisons: what `level_of` does, in the words of a report."""

SPENT = "linear alpha spending, Lan and DeMets 1983"
"""How it is spent over looks: what `spend` does."""


def level_of(comparisons: int, share: float = 1.0) -> float:
    """The confidence of each of so many intervals, where a look may spend this share of the error (Bonferroni)."""
    return 1 - (1 - CONFIDENCE) / comparisons * share


def spend(looks: tuple[int, ...]) -> tuple[Look, ...]:
    """Looks at these numbers of seeds, the error spent linearly over them (Lan and DeMets 1983, Biometrika 70)."""
    return tuple(Look(now, (now - before) / looks[-1]) for before, now in pairwise((0, *looks)))
