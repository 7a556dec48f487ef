"""What a search and the tuning of arms share: a search that continues after the trials that have finished."""

from __future__ import annotations

from ablate.pipeline.terminal import Terminal
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns, save_requested
from ablate.strategies.journal import Journal
from ablate.strategies.search import Searching
from ablate.studies.names import arm_name
from ablate.studies.search import Search
from ablate.studies.study import Overrides


def resume(
    search: Search,
    record: Record,
    requested: RequestedRuns,
    runs: dict[str, Label],
    terminal: Terminal,
    name: str = "trial",
    title: str = "",
) -> Searching:
    """The search as a strategy. Before a trial is trained its run is checked, added to `runs`, and printed.

    The check matters for runs that something else recorded: one with damaged files would look like a trial without
    epochs.
    """
    journal = Journal(record.root, search, terminal.warn, title)
    finished = journal.finished()[: search.trials]

    def add_trial(run_id: str, number: int, settings: Overrides) -> None:
        record.set_aside_damaged([run_id])
        runs.setdefault(run_id, Label(f"{name} {number}", search.seed))
        requested.former.pop(run_id, None)
        save_requested(record.root, requested)
        if number >= len(finished):
            terminal.say(f"{name} {number}: {arm_name(settings)}")

    return Searching(search, list(finished), add_trial, journal.tell)
