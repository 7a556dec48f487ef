"""The scores of a study's runs as a table of seeds by arms, and the comparison of any two of its arms."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ablate.claims import comparisons
from ablate.metrics import METRICS
from ablate.planning import arms
from ablate.study import Study
from ablate.verdicts import Comparison, compare

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Scores:
    """All that the verdicts of a study depend on.

    Attributes:
        values: seeds x arms, in the metric's unit; NaN where a run is missing.
        diverged: seeds x arms, whether the run diverged.
        sign: +1 if more is better, -1 if less is.
        margin: in the metric's unit.
        comparisons: pairs of arms that the study compares, over which the error is shared.
    """

    values: pd.DataFrame
    diverged: pd.DataFrame
    sign: int
    margin: float
    comparisons: int

    def compare(self, arm: str, against: str) -> Comparison:
        """`arm` against another, on the seeds that both have."""
        pairs = self.values[[arm, against]].dropna()
        return compare(
            pairs[arm].to_numpy(),
            pairs[against].to_numpy(),
            margin=self.margin,
            comparisons=self.comparisons,
            sign=self.sign,
            arm_diverged=bool(self.diverged[arm].any()),
            reference_diverged=bool(self.diverged[against].any()),
            missing=len(pairs) < len(self.values),
        )

    def without(self, seed: int) -> Scores:
        """The same study without one of its seeds."""
        return replace(self, values=self.values.drop(index=seed), diverged=self.diverged.drop(index=seed))


def read_scores(study: Study, runs: pd.DataFrame, metric: str | None = None) -> Scores:
    """The scores in a table of runs (`results.load_results`), by the study's metric or another."""
    metric = metric or study.metric
    names = [arm.name for arm in arms(study)]
    values = runs.pivot(index="seed", columns="arm", values=metric).loc[list(study.seeds), names]
    status = runs.pivot(index="seed", columns="arm", values="status").loc[list(study.seeds), names]
    return Scores(values, status == "diverged", METRICS[metric].sign, study.margin, comparisons(study))


def compare_all(study: Study, scores: Scores) -> dict[str, Comparison]:
    """Each compared arm's comparison with its reference, by the arm's name."""
    return {arm.name: scores.compare(arm.name, arm.against) for arm in arms(study) if arm.against is not None}
