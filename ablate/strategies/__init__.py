"""Strategies propose the runs of a sweep: a fixed design all at once, others as results come in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ablate.records.record import Status
from ablate.settings import Run
from ablate.training.events import Row

DIVERGED: Status = "diverged"
"""What a trial remembers if its run diverged; it is complete, with the value of a constant prediction."""


@dataclass(frozen=True)
class Outcome:
    """What the record holds of a run: how far it has come, its epochs so far, and its results once it has ended."""

    status: Status
    epochs: Sequence[Row] = ()
    results: Mapping[str, float] = field(default_factory=dict)


Outcomes = Mapping[str, Outcome]
"""Of every run that was proposed so far, by its id."""


class Strategy(Protocol):
    """Proposes runs, again whenever an epoch of a run, or a run, has ended.

    Each proposal is complete: a run that is no longer in it is stopped, and resumes from its newest
    epoch if it is proposed again.
    """

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """The runs to train, given the outcomes of those proposed so far."""

    @property
    def given_up(self) -> Sequence[str]:
        """The ids of the runs that are not needed, now or any more."""
