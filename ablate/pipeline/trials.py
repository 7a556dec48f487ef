"""What a search and the tuning of arms share: a search that goes on from the trials that have ended."""

from __future__ import annotations

from collections.abc import Callable

from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns, save_requested
from ablate.strategies.journal import Journal
from ablate.strategies.search import Searching
from ablate.studies.search import Search


def go_on(
    search: Search,
    record: Record,
    requested: RequestedRuns,
    runs: dict[str, Label],
    warn: Callable[[str], None],
    name: str = "trial",
    title: str = "",
) -> Searching:
    """The search as a strategy; each trial's run is checked, and remembered among `runs`, before it is trained.

    Whoever recorded such a run: one whose files are damaged would be taken for a trial without epochs.
    """

    def note(run_id: str, number: int) -> None:
        record.set_aside_damaged([run_id])
        runs.setdefault(run_id, Label(f"{name} {number}", search.seed))
        requested.former.pop(run_id, None)
        save_requested(record.root, requested)

    journal = Journal(record.root, search, warn, title)
    return Searching(search, journal.finished()[: search.trials], note, journal.tell)
