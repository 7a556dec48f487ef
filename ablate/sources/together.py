"""Several sources at once, each of which sees all outcomes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.settings import Run
from ablate.sources import Outcomes, Source


@dataclass(frozen=True)
class Together:
    """What any of these sources wants; what two of them want is one run."""

    sources: Sequence[Source]

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """See `Source`."""
        wanted = [run for source in self.sources for run in source.propose(outcomes)]
        return list({run.id: run for run in wanted}.values())
