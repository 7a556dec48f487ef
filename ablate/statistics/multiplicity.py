"""Many comparisons and one error: the family of a study, its looks, and the confidence that each comparison gets.

To use another rule for many comparisons (or for many looks), replace `level_of` (or `spend`) and the name of the rule
beside it. Verdicts, power, reports and benchmarks take their levels from here, and reports the names of the rules.
Nothing heavy is imported, because planning needs the looks.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, NamedTuple

from ablate.statistics.claims import Pair

CONFIDENCE = 0.95
"""Joint confidence of all intervals of a family."""


End = Literal["decided", "futile", "last look", "budget", "failed"]
"""Why a pair takes part in no further look. `failed`: it waits for a run that will not be trained again by itself."""


class Look(NamedTuple):
    """A look at the first `seeds` seeds, which can spend this `share` of the error of the family's verdicts."""

    seeds: int
    share: float = 1.0


@dataclass(frozen=True)
class Family:
    """The comparisons over which one error is shared, and when they are made.

    Attributes:
        pairs: each an arm and the one that it is compared with.
        looks: a single one, or several at more and more seeds.
        max_runs, max_seconds: limits of training, beyond which no further look is taken; None for no limit.
    """

    pairs: tuple[Pair, ...]
    looks: tuple[Look, ...]
    max_runs: int | None = None
    max_seconds: float | None = None

    @property
    def level(self) -> float:
        """The confidence of each comparison if there is a single look."""
        return level_of(len(self.pairs))


SHARED = "Bonferroni"
"""Name of the rule by which `level_of` shares one error over many comparisons, for reports."""

SPENT = "linear alpha spending, Lan and DeMets 1983"
"""Name of the rule by which `spend` spends it over looks, for reports."""


def level_of(comparisons: int, share: float = 1.0) -> float:
    """The confidence of each of this many intervals, at a look that can spend this share of the error (Bonferroni).

    >>> round(level_of(5), 4)
    0.99
    """
    return 1 - (1 - CONFIDENCE) / comparisons * share


def spend(looks: tuple[int, ...]) -> tuple[Look, ...]:
    """Looks at these numbers of seeds, with the error spent linearly over them (Lan and DeMets 1983, Biometrika 70).

    >>> spend((3, 6, 12))
    (Look(seeds=3, share=0.25), Look(seeds=6, share=0.25), Look(seeds=12, share=0.5))
    """
    return tuple(Look(now, (now - before) / looks[-1]) for before, now in pairwise((0, *looks)))
