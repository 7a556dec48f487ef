"""What the page of a search says, computed without regard to its layout and its wording."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ablate.metrics import Metric
from ablate.reporting.origins import provenance
from ablate.strategies.trial_tables import Trial, ranked, read_trials
from ablate.studies.names import arm_name
from ablate.studies.search import Search
from ablate.studies.study import Overrides

BEST_SHARE = 0.25
"""The share of best trials that PED-ANOVA compares with all; its usual tenth would be one or two trials here."""

MIN_TRIALS = 8
"""Complete trials that importance needs at least: with fewer, the best quarter would be one trial."""


@dataclass(frozen=True)
class SearchPage:
    """The content of a search's report.

    Attributes:
        trials: the finished ones, by number.
        best: the best of the complete ones whose runs did not diverge, None if there is none.
        importance: of each axis in the search, as shares of one, largest first; empty if trials are too few.
    """

    search: Search
    metric: Metric
    trials: list[Trial]
    best: Trial | None
    importance: dict[str, float]
    provenance: dict[str, str]

    def count(self, state: str) -> int:
        """How many trials have this state: `complete`, `pruned` or `failed`."""
        return sum(trial.state == state for trial in self.trials)

    @property
    def diverged_trials(self) -> int:
        """How many complete trials have a run that diverged."""
        return sum(trial.has_diverged for trial in self.trials)

    @property
    def different_trials(self) -> int:
        """How many of the trials differ in their settings; some settings allow no run, so they count as drawn."""
        return len({trial.run or arm_name(trial.overrides) for trial in self.trials})

    @property
    def missing_trials(self) -> int:
        """How many trials have not finished yet."""
        return max(0, self.search.trials - len(self.trials))

    @property
    def settings(self) -> Overrides:
        """The base of all trials with the best trial's settings."""
        return self.search.base | (self.best.overrides if self.best else {})

    @property
    def ranked(self) -> list[Trial]:
        """The complete trials, best first."""
        return ranked(self.trials, self.metric)


def build(search: Search, table: pd.DataFrame) -> SearchPage:
    """Compute a page from its trials and its search."""
    trials = read_trials(search, table)
    order = ranked(trials, search.judged)
    return SearchPage(
        search=search,
        metric=search.judged,
        trials=trials,
        best=next((trial for trial in order if not trial.has_diverged), None),
        importance=importance(search, order),
        provenance=provenance(table[table.state == "complete"].replace("", math.nan)),
    )


def importance(search: Search, complete: Sequence[Trial]) -> dict[str, float]:
    """By PED-ANOVA (Watanabe et al. 2023): how far the best quarter's settings are from those of all, as shares."""
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import create_trial

    from ablate.strategies.trials import direction, distributions
    from ablate.studies.names import value_text

    if len(complete) < MIN_TRIALS:
        return {}
    space = distributions(search.space)
    study = optuna.create_study(direction=direction(search))
    for trial in sorted(complete, key=lambda trial: trial.number):
        params = {
            name: value_text(value) if isinstance(search.space[name], list) else value
            for name, value in trial.overrides.items()
        }
        study.add_trial(create_trial(value=trial.value, params=params, distributions=space))
    shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE))
    return {name: shares.get(name, 0.0) for name in sorted(search.space, key=lambda name: -shares.get(name, 0.0))}
