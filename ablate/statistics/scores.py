"""Scores as a table of seeds by arms, and the comparison of any two of its arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablate.statistics.multiplicity import Look
from ablate.statistics.verdicts import Comparison, compare

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scores:
    """All that verdicts depend on, as far as one look sees it. The tables are seeds x arms.

    Attributes:
        values: in the metric's unit; NaN where a run has no score.
        diverged: whether the run diverged.
        pending: whether the run has no score yet, but is going to get one by itself.
        sign: +1 if more is better, -1 if less is.
        margin: in the metric's unit.
        comparisons: pairs of arms that are compared, over which the error is shared.
        share: of that error, what this look may spend.
    """

    values: pd.DataFrame
    diverged: pd.DataFrame
    pending: pd.DataFrame
    sign: int
    margin: float
    comparisons: int
    share: float = 1.0

    def compare(self, arm: str, against: str) -> Comparison:
        """`arm` against another, on the seeds that both have."""
        paired = self.values[[arm, against]].dropna()
        return compare(
            paired[arm].to_numpy(),
            paired[against].to_numpy(),
            margin=self.margin,
            comparisons=self.comparisons,
            sign=self.sign,
            arm_diverged=bool(self.diverged[arm].any()),
            reference_diverged=bool(self.diverged[against].any()),
            missing=len(paired) < len(self.values),
            share=self.share,
        )

    def is_pending(self, arm: str, against: str) -> bool:
        """Whether a score of either arm is still to come."""
        return bool(self.pending[[arm, against]].any(axis=None))

    def at(self, look: Look) -> Scores:
        """What a look sees: its first seeds, in the tables' order, whichever were there first."""
        first = slice(look.seeds)
        tables = (table.iloc[first] for table in (self.values, self.diverged, self.pending))
        values, diverged, pending = tables
        return replace(self, values=values, diverged=diverged, pending=pending, share=look.share)

    def without(self, seed: int) -> Scores:
        """The same scores without one of the seeds."""
        values, diverged, pending = (table.drop(index=seed) for table in (self.values, self.diverged, self.pending))
        return replace(self, values=values, diverged=diverged, pending=pending)
