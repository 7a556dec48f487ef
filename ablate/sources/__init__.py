"""Sources propose the runs of a sweep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from ablate.settings import Run

Results = Mapping[str, Mapping[str, Any]]
"""What the record holds of each run that has ended, by the run's id."""


class Source(Protocol):
    """Asked again whenever a run has ended; a run that was proposed before may be proposed again."""

    def propose(self, results: Results) -> Sequence[Run]:
        """The runs that are wanted, given the results so far."""
