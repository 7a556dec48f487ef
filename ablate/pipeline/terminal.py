"""Where a sweep prints: lines for the user, warnings, and the view of the runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rich.console import Console

from ablate.pipeline.progress import STOPPED, LiveView, LogView, make_view


def _console(*, stderr: bool = False) -> Console:
    return Console(stderr=stderr, highlight=False, markup=False)


@dataclass(frozen=True)
class Terminal:
    """Results go to `out`, all else to `err`; in a notebook both appear below the cell."""

    out: Console = field(default_factory=_console)
    err: Console = field(default_factory=lambda: _console(stderr=True))

    def say(self, message: str) -> None:
        """Print a result, or what is being done."""
        self.out.print(message, soft_wrap=True)

    def warn(self, message: str) -> None:
        """Print a line that is not a result."""
        self.err.print(message, soft_wrap=True)

    def say_that_it_waits(self) -> None:
        """Print why nothing happens yet."""
        self.warn("Another sweep is running in this folder; waiting for it.")

    def view(
        self,
        labels: Mapping[str, object],
        expected: Mapping[str, int] | None = None,
        done: Mapping[str, int] | None = None,
        stopped: str = STOPPED,
    ) -> LogView | LiveView:
        """The view of a sweep's runs (`progress.make_view`)."""
        return make_view(self.out, labels, expected or {}, done or {}, stopped)
