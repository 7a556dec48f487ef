"""The course of a family of comparisons: which pairs are compared at which look, and which seeds each arm needs.

A fixed design is the course with a single look. Otherwise the looks are at more and more seeds; all pairs take part in
the first, and in each later one those that are still undecided. At look k of n_k seeds, N being the last's, a pair's
interval has the confidence 1 - (0.05 / m)(n_k - n_(k-1)) / N: the error of m comparisons is spent linearly over the
looks (Lan and DeMets 1983, Biometrika 70), and added up by Bonferroni, so all intervals of all looks hold together with
95%. That a verdict is final, that futile pairs stop and that a budget may end it all costs no error. What is
decided depends on the results of these seeds alone, never on the order in which they came or on what else is there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from ablate.statistics.claims import Pair
from ablate.statistics.multiplicity import Family, Look, level_of
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import SETTLED, Comparison, Verdict

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

End = Literal["decided", "futile", "last look", "budget", "broken"]
"""Why a pair takes part in no further look; `broken`: it waits for a run that will not come by itself."""

FUTILITY = 0.90
"""One-sided confidence of the bounds by which a pair is given up: of its sd, and of how far its mean may still move."""


@dataclass(frozen=True)
class Course:
    """How far a family of comparisons has come.

    Attributes:
        looks: the family's.
        seeds: all that it may need, in the order in which looks take them.
        last: of each pair of arms, the index of the last look that it takes part in.
        ends: why it takes part in no further one; a pair that is not here goes on.
        needed: how many of the first seeds each arm needs, so far.
    """

    looks: tuple[Look, ...]
    seeds: tuple[int, ...]
    last: Mapping[frozenset[str], int]
    ends: Mapping[frozenset[str], End]
    needed: Mapping[str, int]

    def look(self, arm: str, against: str) -> Look:
        """The look at which this pair was judged last."""
        return self.looks[self.last[frozenset((arm, against))]]

    def end(self, arm: str, against: str) -> End | None:
        """Why this pair takes part in no further look; None if it does."""
        return self.ends.get(frozenset((arm, against)))

    def compare(self, scores: Scores, arm: str, against: str) -> Comparison:
        """The comparison at that look, by any scores; while there is a further one to come its verdict waits."""
        found = scores.at(self.look(arm, against)).compare(arm, against)
        return found if self.end(arm, against) else replace(found, verdict="waiting")

    def history(self, scores: Scores, arm: str, against: str) -> list[Comparison]:
        """The comparison at each look that this pair took part in."""
        taken = self.looks[: self.last[frozenset((arm, against))] + 1]
        return [scores.at(look).compare(arm, against) for look in taken]

    def needs(self, arm: str, seed: int) -> bool:
        """Whether the looks so far need a run, whether it is there or not."""
        return self.seeds.index(seed) < self.needed[arm]

    @property
    def undecided(self) -> set[str]:
        """The arms that may need more seeds than are needed so far."""
        return set().union(*(pair for pair in self.last if pair not in self.ends))


def follow(family: Family, scores: Scores, seconds: pd.DataFrame | None = None) -> Course:
    """The course of a family, as far as the scores go.

    Args:
        family: what is compared, and when.
        scores: of all seeds that the last look takes.
        seconds: of training, seeds x arms, for a family that is limited by them.
    """
    last: dict[frozenset[str], int] = {}
    ends: dict[frozenset[str], End] = {}
    needed = dict.fromkeys(scores.values.columns, family.looks[0].seeds)
    for index, look in enumerate(family.looks):
        going = [pair for pair in family.pairs if frozenset(pair) not in ends]
        if not going:
            break
        wanted = needed | {arm: look.seeds for pair in going for arm in pair}
        if index and not _affords(family, seconds, needed, wanted):
            ends |= {frozenset(pair): "budget" for pair in going}
            break
        needed = wanted
        last |= {frozenset(pair): index for pair in going}
        seen = scores.at(look)
        found = {frozenset(pair): _end(family, seen, pair, index) for pair in going}
        ends |= {pair: end for pair, end in found.items() if end}
        if any(seen.is_pending(*pair) for pair in going):
            break  # the next look is for all pairs at once, so that a budget ends the same pairs each time
    return Course(family.looks, tuple(scores.values.index), last, ends, needed)


def compare_all(course: Course, scores: Scores, against: Mapping[str, str]) -> dict[str, Comparison]:
    """Each arm's comparison with the one that it is `against`, by the arm's name."""
    return {arm: course.compare(scores, arm, other) for arm, other in against.items()}


def _end(family: Family, seen: Scores, pair: Pair, index: int) -> End | None:
    """Why a pair takes part in no look after this one; None if it does, or if a score is still to come."""
    look, final = family.looks[index], family.looks[-1]
    found = seen.compare(*pair)
    if found.verdict == "waiting":
        return None if seen.is_pending(*pair) else "broken"
    if found.verdict in SETTLED:
        return "decided"
    if look == final:
        return "last look"
    return "futile" if index and futile(found, final, seen.margin, seen.comparisons) else None


def futile(c: Comparison, final: Look, margin: float, comparisons: int) -> bool:
    """Whether even the last look could hardly decide a pair that is undecided: no verdict is in its reach."""
    found = reach(c.difference, c.sd, c.pairs, final, margin, comparisons)
    return not any(reached for verdict, reached in found.items() if verdict not in c.barred)


def reach(
    difference: ArrayLike, sd: ArrayLike, pairs: int, final: Look, margin: float, comparisons: int
) -> dict[Verdict, NDArray[np.bool_]]:
    """Which verdicts the last look may still come to, after so many pairs with these differences and sds (any shape).

    The sd is taken at the lower end of its one-sided chi-squared interval, and the mean moved in the verdict's favour
    by 1.28 of it times sqrt(1/n - 1/N), as far as it goes between n seeds and all N of them in nine cases of ten.
    """
    from scipy import stats

    difference, sd = np.asarray(difference), np.asarray(sd)
    least_sd = sd * math.sqrt((pairs - 1) / stats.chi2.ppf(FUTILITY, pairs - 1))
    move = stats.norm.ppf(FUTILITY) * least_sd * math.sqrt(1 / pairs - 1 / final.seeds)
    level = level_of(comparisons, final.share)
    half = stats.t.ppf((1 + level) / 2, final.seeds - 1) * least_sd / math.sqrt(final.seeds)
    return {
        "better": difference + move - half > 0,
        "worse": difference - move + half < 0,
        "equivalent": np.maximum(abs(difference) - move, 0) + half < margin,
    }


def _affords(
    family: Family, seconds: pd.DataFrame | None, needed: Mapping[str, int], wanted: Mapping[str, int]
) -> bool:
    """Whether the limits allow for another look, each run to come taking as long as its arm's did so far."""
    if family.max_runs is not None and sum(wanted.values()) > family.max_runs:
        return False
    if family.max_seconds is None or seconds is None:
        return True
    spent = {arm: seconds[arm].iloc[:count] for arm, count in needed.items()}
    more = {arm: wanted[arm] - count for arm, count in needed.items() if wanted[arm] > count}
    total = sum(took.sum() for took in spent.values()) + sum(spent[arm].mean() * count for arm, count in more.items())
    return bool(total <= family.max_seconds)
