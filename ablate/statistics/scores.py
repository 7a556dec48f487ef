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
    """Everything that verdicts depend on, as far as one look sees it. The tables are seeds x arms.

    Attributes:
        values: in the metric's unit; NaN if a run has no score.
        diverged: whether the run diverged.
        pending: whether the run has no score yet, but will get one when the sweep continues.
        sign: +1 if higher is better, -1 if lower is.
        margin: in the metric's unit.
        comparisons: number of pairs of arms that are compared, over which the error is shared.
        share: of that error, what this look can spend.
    """

    values: pd.DataFrame
    diverged: pd.DataFrame
    pending: pd.DataFrame
    sign: int
    margin: float
    comparisons: int
    share: float = 1.0

    def compare(self, arm: str, against: str) -> Comparison:
        """Compare an arm with another, on the seeds that both have."""
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
        """The scores that a look sees: its first seeds in the order of the tables, whichever ended first."""
        first = slice(look.seeds)
        values, diverged, pending = (table.iloc[first] for table in (self.values, self.diverged, self.pending))
        return replace(self, values=values, diverged=diverged, pending=pending, share=look.share)

    def without(self, seed: int) -> Scores:
        """The same scores without one of the seeds."""
        values, diverged, pending = (table.drop(index=seed) for table in (self.values, self.diverged, self.pending))
        return replace(self, values=values, diverged=diverged, pending=pending)
