"""Trials of a search: drawn by Optuna from what each may know, and decided by the epochs of their runs alone.

A trial is drawn with knowledge of the results of all earlier trials except the last `parallel` - 1, which count as
running, whether they are or not. So which trials are drawn, and where each is pruned, depends neither on the number of
workers nor on the timing: the same search ends with the same trials, even if it is killed and continued.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from ablate.errors import StudyError
from ablate.overrides import NO_VARIANTS, resolve
from ablate.records.record import FAILED
from ablate.settings import Run
from ablate.strategies import DIVERGED, Outcome
from ablate.studies.names import value_text
from ablate.studies.search import Search
from ablate.studies.space import Axis, is_integer
from ablate.studies.study import Overrides
from ablate.training.events import Row
from ablate.variants.choices import Variants

optuna.logging.set_verbosity(optuna.logging.WARNING)  # otherwise it would log every trial

STARTUP = 5
"""Trials that TPE draws at random before it begins to learn: half of Optuna's default, as training is expensive."""

SAMPLERS: dict[str, Callable[[int], optuna.samplers.BaseSampler]] = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed, n_startup_trials=STARTUP),
    "random": lambda seed: optuna.samplers.RandomSampler(seed=seed),
}
PRUNERS: dict[str, Callable[[int], optuna.pruners.BasePruner]] = {
    "none": lambda epochs: optuna.pruners.NopPruner(),
    "median": lambda epochs: optuna.pruners.MedianPruner(),
    "halving": lambda epochs: optuna.pruners.SuccessiveHalvingPruner(min_resource=1),
    "hyperband": lambda epochs: optuna.pruners.HyperbandPruner(min_resource=1, max_resource=epochs),
}
"""Each with Optuna's own settings; `epochs` are those of a whole run."""

RUN, WHY = "run", "why"
"""What a trial remembers beside its numbers: the id of its run, and why it failed, or that its run diverged."""


def distributions(space: Mapping[str, Axis], variants: Variants = NO_VARIANTS) -> dict[str, BaseDistribution]:
    """The space as Optuna knows it: a list's values by their names, since Optuna knows no lists as values."""
    return {name: _distribution(name, axis, variants) for name, axis in space.items()}


def _distribution(name: str, axis: Axis, variants: Variants) -> BaseDistribution:
    if isinstance(axis, list):
        return CategoricalDistribution(tuple(map(value_text, axis)))
    if is_integer(name, variants):
        return IntDistribution(int(axis.low), int(axis.high), log=axis.log)
    return FloatDistribution(float(axis.low), float(axis.high), log=axis.log)


def overrides(space: Mapping[str, Axis], params: Mapping[str, Any]) -> Overrides:
    """What a trial of these parameters sets; fractions to four digits, so that a reader can copy them."""
    return {name: _value(axis, params[name]) for name, axis in space.items()}


def _value(axis: Axis, param: Any) -> Any:
    if isinstance(axis, list):
        return axis[list(map(value_text, axis)).index(param)]
    return min(max(float(f"{param:.4g}"), axis.low), axis.high) if isinstance(param, float) else param


def run_of(search: Search, params: Mapping[str, Any]) -> Run:
    """The run of a trial with these parameters.

    Raises:
        StudyError: the settings do not go together.
    """
    return resolve(search.base | overrides(search.space, params), search.variants).run(search.seed)


class OpenTrial:
    """An unfinished trial, in an Optuna study of its own that has only what the trial may know about those `before` it.

    Attributes:
        run: what it trains; None where its settings make none.
        end: the trial as it ended, None as long as it has not.
    """

    def __init__(self, search: Search, before: Sequence[FrozenTrial]) -> None:
        self.search, self.number = search, len(before)
        self.values: list[float] = []
        self.end: FrozenTrial | None = None
        self.study = self._study()
        known = max(0, self.number - search.parallel + 1)
        self.study.add_trials([*before[:known], *map(running, before[known:])])
        self.trial = self.study.ask(distributions(search.space, search.variants))
        self.run = self._settle()

    def _study(self) -> optuna.Study:
        entropy = np.random.SeedSequence([self.search.seed, self.number]).generate_state(1)[0]
        epochs = resolve(self.search.base, self.search.variants).training.epochs
        return optuna.create_study(
            study_name=self.search.name,
            direction=direction(self.search),
            sampler=SAMPLERS[self.search.sampler](int(entropy)),
            pruner=PRUNERS[self.search.pruner](epochs),
        )

    def _settle(self) -> Run | None:
        try:
            run = run_of(self.search, self.trial.params)
        except StudyError as error:
            self._fail(error.message)
            return None
        self.trial.set_user_attr(RUN, run.id)
        return run

    def see(self, outcome: Outcome) -> None:
        """Follow the run as far as it has come: to its next epochs, to where it is given up, or to its end."""
        for row in outcome.epochs[len(self.values) :]:
            if self.end is None:
                self._follow(row)
        if self.end is not None:
            return
        if outcome.status in FAILED:
            self._fail(outcome.status)
        elif outcome.status == "diverged":
            self._diverge(outcome.results)
        elif outcome.status == "finished":
            self._end(TrialState.COMPLETE, best(self.search, self.values))

    def _follow(self, row: Row) -> None:
        assert self.run is not None
        if self.search.metric not in row:
            self._fail(_lacks(self.search.metric))
            return
        value = row[self.search.metric]
        self.values.append(value)
        self.trial.report(value, step=len(self.values))
        if len(self.values) < self.run.training.epochs and self.trial.should_prune():
            self._end(TrialState.PRUNED)

    def _diverge(self, results: Mapping[str, float]) -> None:
        """End with the score of a constant prediction, as diverged runs have everywhere."""
        zero = self.search.judged.at("zero").name
        if zero in results:
            self.trial.set_user_attr(WHY, DIVERGED)
            self._end(TrialState.COMPLETE, results[zero])
        else:
            self._fail(_lacks(zero))

    def _fail(self, why: str) -> None:
        self.trial.set_user_attr(WHY, why)
        self._end(TrialState.FAIL)

    def _end(self, state: TrialState, value: float | None = None) -> None:
        self.end = self.study.tell(self.trial, value, state)


def _lacks(metric: str) -> str:
    """Why a trial failed whose run was recorded before this metric existed."""
    return f"its recorded run has no {metric}: it was trained by a version of ablate that did not compute it"


def direction(search: Search) -> Literal["maximize", "minimize"]:
    """Which way is better, as Optuna says it."""
    return "maximize" if search.judged.higher_is_better else "minimize"


def running(trial: FrozenTrial) -> FrozenTrial:
    """A trial as it is shown to those that are drawn before its result may be known: as running, however far it is."""
    return create_trial(state=TrialState.RUNNING, params=trial.params, distributions=trial.distributions)


def best(search: Search, values: Sequence[float]) -> float:
    """The best of some scores."""
    return max(values) if search.judged.higher_is_better else min(values)
