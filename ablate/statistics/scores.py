"""Scores as a table of seeds by arms, and the comparison of any two of its arms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from ablate.statistics.claims import Pair
from ablate.statistics.multiplicity import Look
from ablate.statistics.verdicts import Comparison, compare_pairs

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Scores:
    """Everything that verdicts depend on, as far as one look sees it. The tables are seeds x arms.

    Attributes:
        values: in the metric's unit; NaN if a run has no score.
        bad: whether the run is a bad one: it diverged, or has learned nothing.
        pending: whether the run has no score yet, but will get one when the sweep continues.
        sign: +1 if higher is better, -1 if lower is.
        margin: in the metric's unit.
        comparisons: number of pairs of arms that are compared, over which the error is shared.
        share: of that error, what this look can spend.
        lacking: whether the run is missing for good: it failed and counts by the score in `values`, or it has none
            because it timed out, was lost, or was set aside. None if the study does not say what to do then.
        missing: how many seeds of a pair may lack a run without making its verdict wait.
    """

    values: pd.DataFrame
    bad: pd.DataFrame
    pending: pd.DataFrame
    sign: int
    margin: float
    comparisons: int
    share: float = 1.0
    lacking: pd.DataFrame | None = None
    missing: int = 0

    def compare_pairs(self, pairs: Sequence[Pair]) -> list[Comparison]:
        """Compare the arms of each pair, on the seeds that both have."""
        arms, references = [arm for arm, _ in pairs], [against for _, against in pairs]
        return self.compare_arrays(
            self.values[arms].to_numpy(float).T, self.values[references].to_numpy(float).T, pairs
        )

    def compare_arrays(self, arms: ArrayLike, references: ArrayLike, pairs: Sequence[Pair]) -> list[Comparison]:
        """Compare other scores of the arms of each pair, (pairs, seeds), by the same rule."""
        of_arms, of_references = [arm for arm, _ in pairs], [against for _, against in pairs]
        return compare_pairs(
            arms,
            references,
            margin=self.margin,
            comparisons=self.comparisons,
            sign=self.sign,
            arms_bad=self.bad[of_arms].any().tolist(),
            references_bad=self.bad[of_references].any().tolist(),
            share=self.share,
            lacking=None if self.lacking is None else _either(self.lacking, of_arms, of_references),
            missing=self.missing,
        )

    @cached_property
    def pending_arms(self) -> set[str]:
        """The arms of which a score is still to come."""
        return set(self.pending.columns[self.pending.any()])

    def at(self, look: Look) -> Scores:
        """The scores that a look sees: its first seeds in the order of the tables, whichever ended first."""
        first = slice(look.seeds)
        values, bad, pending = (table.iloc[first] for table in (self.values, self.bad, self.pending))
        lacking = None if self.lacking is None else self.lacking.iloc[first]
        return replace(self, values=values, bad=bad, pending=pending, share=look.share, lacking=lacking)

    def without(self, seed: int) -> Scores:
        """The same scores without one of the seeds."""
        values, bad, pending = (table.drop(index=seed) for table in (self.values, self.bad, self.pending))
        lacking = None if self.lacking is None else self.lacking.drop(index=seed)
        return replace(self, values=values, bad=bad, pending=pending, lacking=lacking)


def _either(runs: pd.DataFrame, arms: list[str], references: list[str]) -> NDArray[np.bool_]:
    """Whether either run of a pair is one of these (pairs, seeds)."""
    found: NDArray[np.bool_] = runs[arms].to_numpy(bool) | runs[references].to_numpy(bool)
    return found.T
