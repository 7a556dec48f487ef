"""The scores of a study's runs as a table of seeds by arms, and the comparison of any two of its arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablate.metrics import METRICS
from ablate.statistics.verdicts import Comparison, compare
from ablate.studies.claims import pairs
from ablate.studies.planning import arms
from ablate.studies.seeds import Look
from ablate.studies.study import Study

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scores:
    """All that the verdicts of a study depend on, as far as one look sees it.

    Attributes:
        values: seeds x arms, in the metric's unit; NaN where a run is missing.
        diverged: seeds x arms, whether the run diverged.
        sign: +1 if more is better, -1 if less is.
        margin: in the metric's unit.
        comparisons: pairs of arms that the study compares, over which the error is shared.
        share: of that error, what this look may spend.
    """

    values: pd.DataFrame
    diverged: pd.DataFrame
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

    def at(self, look: Look) -> Scores:
        """What a look sees: its first seeds, in the study's order, whichever were there first."""
        first, share = slice(look.seeds), look.share
        return replace(self, values=self.values.iloc[first], diverged=self.diverged.iloc[first], share=share)

    def without(self, seed: int) -> Scores:
        """The same study without one of its seeds."""
        return replace(self, values=self.values.drop(index=seed), diverged=self.diverged.drop(index=seed))


def read_scores(study: Study, runs: pd.DataFrame, metric: str | None = None) -> Scores:
    """The scores in a table of runs (`results.load_results`), by the study's metric or another."""
    metric = metric or study.metric
    diverged = by_seed(study, runs, "status") == "diverged"
    return Scores(by_seed(study, runs, metric), diverged, METRICS[metric].sign, study.margin, len(pairs(study)))


def by_seed(study: Study, runs: pd.DataFrame, column: str) -> pd.DataFrame:
    """A column of a table of runs, as seeds x arms in the study's order; NaN if the table does not have it."""
    names = [arm.name for arm in arms(study)]
    found = runs.reindex(columns=["seed", "arm", column])
    return found.pivot(index="seed", columns="arm", values=column).reindex(index=list(study.seeds), columns=names)
