"""Several strategies at once, each of which sees all outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.settings import Run
from ablate.strategies import Outcomes, Strategy


@dataclass(frozen=True)
class Combined:
    """Proposes what any of these strategies proposes; a run that two of them propose is trained once."""

    strategies: Sequence[Strategy]

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """See `Strategy`."""
        wanted = [run for strategy in self.strategies for run in strategy.propose(outcomes)]
        return list({run.id: run for run in wanted}.values())

    @property
    def given_up(self) -> Sequence[str]:
        """What any of them gives up."""
        return [run_id for strategy in self.strategies for run_id in strategy.given_up]
