"""Whether all runs of a sweep are trained by the same code."""

from __future__ import annotations

from collections.abc import Callable

from ablate.records.requests import RequestedRuns
from ablate.settings import Run
from ablate.training.events import EpochEnded, Event


class SameCode:
    """A listener that calls `warn` when runs are trained by other code than the first one of the sweep.

    A worker trains with the code that it has loaded. One that starts later loads what has been edited meanwhile.
    """

    def __init__(self, requested: RequestedRuns, warn: Callable[[str], None]) -> None:
        self.requested, self.warn = requested, warn
        self.seen: list[str] = []

    def __call__(self, run: Run, event: Event) -> None:
        """Compare the code of an epoch with that of the epochs before."""
        if not isinstance(event, EpochEnded) or event.source in self.seen:
            return
        self.seen.append(event.source)
        if len(self.seen) > 1:
            label = self.requested.label(run.id)
            self.warn(
                f"{label} is trained by other code than the runs before: ablate was changed during this "
                "sweep. Each run is recorded with the commit, and the changes, of the code that trained it."
            )
