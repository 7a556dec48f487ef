"""A search as a strategy: keeps trials open, reports their ends in order, and stops those that are pruned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from optuna.trial import FrozenTrial, TrialState

from ablate.settings import Run
from ablate.strategies import Outcome, Outcomes
from ablate.strategies.trials import RUN, OpenTrial, overrides, run_of
from ablate.studies.search import Search
from ablate.studies.study import Overrides

NOTHING = Outcome("absent")


@dataclass
class Searching:
    """A search that continues after the trials that have `finished` before.

    A finished trial is never drawn again, even if its run is lost later.

    Attributes:
        on_draw: called with each trial's run id, once it is known, its number, and the settings that it tries.
        on_tell: called with each finished trial, in the order of their numbers.
    """

    search: Search
    finished: list[FrozenTrial] = field(default_factory=list)
    on_draw: Callable[[str, int, Overrides], None] = lambda run_id, number, settings: None
    on_tell: Callable[[FrozenTrial], None] = lambda trial: None
    open: list[OpenTrial] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.kept = [run_of(self.search, trial.params) for trial in self.finished if trial.state == TrialState.COMPLETE]
        for trial in self.finished:
            if RUN in trial.user_attrs:
                self.on_draw(trial.user_attrs[RUN], trial.number, overrides(self.search.space, trial.params))

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """See `Strategy`: the runs of the open trials, and those of the complete ones."""
        self._draw()
        while self.open and self._first_has_ended(outcomes):
            self._tell(self.open.pop(0))
            self._draw()
        return [*self.kept, *(trial.run for trial in self.open if trial.run and not trial.end)]

    def _draw(self) -> None:
        while len(self.open) < self.search.parallel and len(self.finished) + len(self.open) < self.search.trials:
            before = [*self.finished, *(trial.study.trials[trial.number] for trial in self.open)]
            trial = OpenTrial(self.search, before)
            self.open.append(trial)
            if trial.run:
                self.on_draw(trial.run.id, trial.number, overrides(self.search.space, trial.trial.params))

    def _first_has_ended(self, outcomes: Outcomes) -> bool:
        for trial in self.open:
            if trial.run:
                trial.see(outcomes.get(trial.run.id, NOTHING))
        return self.open[0].end is not None

    def _tell(self, trial: OpenTrial) -> None:
        assert trial.end is not None
        self.finished.append(trial.end)
        if trial.run and trial.end.state == TrialState.COMPLETE:
            self.kept.append(trial.run)
        self.on_tell(trial.end)

    @property
    def given_up(self) -> list[str]:
        """The runs of pruned trials, except those that another trial completed: they stay unfinished."""
        kept = {run.id for run in self.kept}
        pruned = [trial.user_attrs[RUN] for trial in self.finished if trial.state == TrialState.PRUNED]
        return sorted(set(pruned) - kept)
