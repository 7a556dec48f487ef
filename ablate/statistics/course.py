"""The course of a family of comparisons: which pairs are compared at which look, and which seeds each arm needs.

A study with a fixed number of seeds has a single look. Otherwise there are looks at more and more seeds: all pairs
take part in the first look, and those that are still undecided take part in the next one. At look k, with n_k seeds,
the outer interval of a pair has the confidence

    1 - (0.05 / m) (n_k - n_(k-1)) / N

where m is the number of comparisons and N the number of seeds of the last look. The error of each comparison is spent
evenly over the seeds (Lan and DeMets 1983, Biometrika 70), and the errors are added up (Bonferroni). So all verdicts of
all looks hold jointly with 95% confidence. Since that includes the looks that are never taken, some things cost no
additional error: that a verdict is final, that hopeless pairs are given up, and that a budget can end everything.
Spending the error later would settle less than 1% more per run (`benchmarks/spending.md`).

The course depends only on the results of the seeds that its looks take. It does not depend on the order in which runs
end, or on other recorded runs.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ablate.statistics.claims import Pair
from ablate.statistics.intervals import inner_level
from ablate.statistics.multiplicity import End as End
from ablate.statistics.multiplicity import Family, Look, level_of
from ablate.statistics.scores import Scores
from ablate.statistics.verdicts import DECIDED, Comparison, Verdict

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray

FUTILITY = 0.90
"""One-sided confidence of the two bounds by which a pair is given up: of its sd, and of the change of its mean."""


@dataclass(frozen=True)
class Course:
    """How far a family of comparisons has come.

    Pairs are sets of two names, because the comparison of A with B is that of B with A, mirrored.

    Attributes:
        looks: the looks of the family.
        seeds: all seeds that the family may need, in the order in which looks take them.
        last: for each pair, the index of the last look that it has taken part in.
        ends: why a pair takes part in no further look; pairs that continue are not in it.
        needed: for each arm, how many of the first seeds it needs so far.
    """

    looks: tuple[Look, ...]
    seeds: tuple[int | str, ...]
    last: Mapping[frozenset[str], int]
    ends: Mapping[frozenset[str], End]
    needed: Mapping[str, int]

    def look(self, arm: str, against: str) -> Look:
        """The last look that this pair has taken part in."""
        return self.looks[self.last[frozenset((arm, against))]]

    def end(self, arm: str, against: str) -> End | None:
        """Why this pair takes part in no further look; None if it continues."""
        return self.ends.get(frozenset((arm, against)))

    def by_look(self, pairs: Iterable[Pair]) -> dict[Look, list[Pair]]:
        """The pairs by the last look that they have taken part in."""
        found: dict[Look, list[Pair]] = {}
        for pair in pairs:
            found.setdefault(self.look(*pair), []).append(pair)
        return found

    def compare_pairs(self, scores: Scores, pairs: Iterable[Pair]) -> dict[Pair, Comparison]:
        """Each pair's comparison at its last look, by any scores. The verdict is `waiting` while the pair continues."""
        found: dict[Pair, Comparison] = {}
        for look, members in self.by_look(pairs).items():
            for pair, comparison in zip(members, scores.at(look).compare_pairs(members), strict=True):
                found[pair] = comparison if self.end(*pair) else replace(comparison, verdict="waiting")
        return found

    def histories(self, scores: Scores, pairs: Sequence[Pair]) -> dict[Pair, list[Comparison]]:
        """Each pair's comparisons at all looks that it has taken part in."""
        found: dict[Pair, list[Comparison]] = {pair: [] for pair in pairs}
        for index, look in enumerate(self.looks):
            members = [pair for pair in found if self.last[frozenset(pair)] >= index]
            for pair, comparison in zip(members, scores.at(look).compare_pairs(members), strict=True):
                found[pair].append(comparison)
        return found

    def needs(self, arm: str, seed: int | str) -> bool:
        """Whether the looks so far need the run of this arm and seed, recorded or not."""
        return self.seeds.index(seed) < self.needed[arm]

    @property
    def undecided(self) -> set[str]:
        """The arms that may need more seeds than they need so far."""
        return set().union(*(pair for pair in self.last if pair not in self.ends))


def follow(family: Family, scores: Scores, seconds: pd.DataFrame | None = None) -> Course:
    """Follow a family of comparisons from look to look, as far as there are scores.

    Args:
        family: what is compared, and when.
        scores: with all seeds of the last look; runs that are not recorded yet are NaN.
        seconds: training times (seeds x arms), for a family that is limited by them.
    """
    last: dict[frozenset[str], int] = {}
    ends: dict[frozenset[str], End] = {}
    # the first look is always taken: `Design` refuses a limit of runs below it, and its training times are not known
    needed = dict.fromkeys(scores.values.columns, family.looks[0].seeds)
    for index, look in enumerate(family.looks):
        pairs = [pair for pair in family.pairs if frozenset(pair) not in ends]
        if not pairs:
            break
        # only the arms of these pairs get more seeds; a reference does for as long as one of its pairs continues
        needed_now = needed | {arm: look.seeds for pair in pairs for arm in pair}
        if index and not _is_affordable(family, seconds, needed, needed_now):
            ends |= {frozenset(pair): "budget" for pair in pairs}
            break
        needed = needed_now
        last |= {frozenset(pair): index for pair in pairs}
        seen = scores.at(look)  # the first seeds only, even if other studies have recorded more of these runs
        pending = {pair for pair in pairs if not seen.pending_arms.isdisjoint(pair)}
        for pair, comparison in zip(pairs, seen.compare_pairs(pairs), strict=True):
            if end := _end(family, seen, comparison, index, is_pending=pair in pending):
                ends[frozenset(pair)] = end
        # the next look waits for all pairs of this one: what it costs, and so whether the budget allows it, must not
        # depend on which runs happen to end first
        if pending:
            break
    return Course(family.looks, tuple(scores.values.index), last, ends, needed)


def compare_all(course: Course, scores: Scores, against: Mapping[str, str]) -> dict[str, Comparison]:
    """Compare each arm with the one that it is `against`; the comparisons by the arm's name."""
    return {arm: comparison for (arm, _), comparison in course.compare_pairs(scores, against.items()).items()}


def _end(family: Family, seen: Scores, comparison: Comparison, index: int, *, is_pending: bool) -> End | None:
    """Why a pair takes part in no look after this one; None if it continues, or if a score is still to come."""
    look, final = family.looks[index], family.looks[-1]
    if comparison.verdict == "waiting":
        return None if is_pending else "failed"
    if comparison.verdict in DECIDED:
        return "decided"
    if look == final:
        return "last look"
    # not at the first look: an sd of so few seeds says too little
    return "futile" if index and is_futile(comparison, final, seen.margin, seen.comparisons) else None


def is_futile(c: Comparison, final: Look, margin: float, comparisons: int) -> bool:
    """Whether an undecided pair is likely to stay undecided: even the last look could hardly reach any verdict."""
    reachable = find_reachable(c.difference, c.sd, c.pairs, final, margin, comparisons)
    return not any(reached for verdict, reached in reachable.items() if verdict not in c.barred)


def find_reachable(
    difference: ArrayLike, sd: ArrayLike, pairs: int, final: Look, margin: float, comparisons: int
) -> dict[Verdict, NDArray[np.bool_]]:
    """Which verdicts the last look can still reach, given what the first seeds show.

    Both assumptions favour a verdict: the sd is at the lower end of its one-sided 90% interval, and between now and the
    last look the mean moves in the verdict's favour, as far as it does in nine cases of ten.

    Args:
        difference, sd: mean and standard deviation of the paired differences so far (any shape).
        pairs: number of seeds so far.
        final: the last look.
        margin: of the study.
        comparisons: pairs of arms over which the error is shared.

    Returns:
        For each verdict, whether it can be reached (same shape).
    """
    from scipy import stats

    difference, sd = np.asarray(difference), np.asarray(sd)
    # (n - 1) s² / sigma² is chi-squared with n - 1 degrees of freedom: its 90% quantile bounds sigma from below
    least_sd = sd * math.sqrt((pairs - 1) / stats.chi2.ppf(FUTILITY, pairs - 1))
    # the mean of all N differences minus the mean of the first n is normal with variance sigma² (1/n - 1/N)
    move = stats.norm.ppf(FUTILITY) * least_sd * math.sqrt(1 / pairs - 1 / final.seeds)
    # half the width of the last look's intervals if the sd is what we assume
    level = level_of(comparisons, final.share)
    half, inner_half = (
        stats.t.ppf((1 + confidence) / 2, final.seeds - 1) * least_sd / math.sqrt(final.seeds)
        for confidence in (level, inner_level(level))
    )
    return {
        "better": difference + move - half > 0,
        "worse": difference - move + half < 0,
        # the best case for `equivalent` is a mean that moves towards zero, but not beyond it
        "equivalent": np.maximum(abs(difference) - move, 0) + inner_half < margin,
    }


def _is_affordable(
    family: Family, seconds: pd.DataFrame | None, needed: Mapping[str, int], needed_now: Mapping[str, int]
) -> bool:
    """Whether the limits allow another look, if each new run takes as long as the runs of its arm did on average."""
    if family.max_runs is not None and sum(needed_now.values()) > family.max_runs:
        return False
    if family.max_seconds is None or seconds is None:
        return True
    spent = {arm: seconds[arm].iloc[:count] for arm, count in needed.items()}
    more = {arm: needed_now[arm] - count for arm, count in needed.items() if needed_now[arm] > count}
    total = sum(times.sum() for times in spent.values()) + sum(spent[arm].mean() * count for arm, count in more.items())
    return bool(total <= family.max_seconds)
