"""A fixed design: everything at once, whatever comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ablate.settings import Run
from ablate.strategies import Outcomes


@dataclass(frozen=True)
class Fixed:
    """These runs, none of which is given up."""

    runs: Sequence[Run]
    given_up: Sequence[str] = ()

    def propose(self, outcomes: Outcomes) -> Sequence[Run]:
        """See `Strategy`."""
        return self.runs
