"""What the page of a search says, computed apart from how it looks and how it is put into words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from ablate.metrics import Metric
from ablate.reporting.origins import provenance
from ablate.strategies.trial_tables import Trial, ranked, read_trials
from ablate.studies.search import Search
from ablate.studies.study import Overrides

BEST_SHARE = 0.25
"""The best trials whose settings are held against those of all: PED-ANOVA's tenth would be one or two trials here."""

FEWEST = 8
"""Complete trials below which importance says nothing: the best quarter would be one trial."""


@dataclass(frozen=True)
class SearchPage:
    """All that a report says of a search.

    Attributes:
        trials: those that are told, in their order; `best` is the best of the complete ones, None if there is none.
        importance: of each axis in the search, summing up to one, largest first; empty where trials are too few.
    """

    search: Search
    metric: Metric
    trials: list[Trial]
    best: Trial | None
    importance: dict[str, float]
    provenance: dict[str, str]

    def count(self, state: str) -> int:
        """How many trials ended so."""
        return sum(trial.state == state for trial in self.trials)

    @property
    def missing(self) -> int:
        """Trials that are still to come."""
        return max(0, self.search.trials - len(self.trials))

    @property
    def settings(self) -> Overrides:
        """The base with the best trial's settings."""
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
        best=order[0] if order else None,
        importance=importance(search, order),
        provenance=provenance(table[table.state == "complete"].replace("", math.nan)),
    )


def importance(search: Search, complete: Sequence[Trial]) -> dict[str, float]:
    """By PED-ANOVA (Watanabe et al. 2023): how far the best quarter's settings lie from those of all, as shares."""
    import optuna
    from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
    from optuna.trial import create_trial

    from ablate.strategies.trials import direction, distributions
    from ablate.studies.names import value_text

    if len(complete) < FEWEST:
        return {}
    space = distributions(search.space)
    study = optuna.create_study(direction=direction(search))
    for trial in sorted(complete, key=lambda trial: trial.number):
        params = {
            name: value_text(value) if isinstance(search.space[name], list) else value
            for name, value in trial.overrides.items()
        }
        study.add_trial(create_trial(value=trial.value, params=params, distributions=space))
    found = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator(target_quantile=BEST_SHARE))
    return {name: found.get(name, 0.0) for name in sorted(search.space, key=lambda name: -found.get(name, 0.0))}
