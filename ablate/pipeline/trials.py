"""What a search and the tuning of arms share: a search that continues after the trials that have finished."""

from __future__ import annotations

from collections.abc import Sequence

from optuna.trial import FrozenTrial, TrialState

from ablate.pipeline.terminal import Terminal
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns, save_requested
from ablate.strategies.journal import Journal
from ablate.strategies.search import Searching
from ablate.strategies.trials import RUN, WHY, run_of
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
    *,
    retry_failed: bool = False,
) -> Searching:
    """The search as a strategy; with `retry_failed`, from its first failed trial on.

    Before a trial is trained its run is checked, added to `runs`, and printed.

    The check matters for runs that something else recorded: one with damaged files would look like a trial without
    epochs.
    """
    journal = Journal(record.root, search, terminal.warn, title)
    if retry_failed:
        journal.keep(_retry(search, journal.finished()[: search.trials], record))
    finished = journal.finished()[: search.trials]

    def add_trial(run_id: str, number: int, settings: Overrides) -> None:
        record.set_aside_damaged([run_id])
        runs.setdefault(run_id, Label(f"{name} {number}", search.seed))
        requested.former.pop(run_id, None)
        save_requested(record.root, requested)
        if number >= len(finished):
            terminal.say(f"{name} {number}: {arm_name(settings)}")

    return Searching(search, list(finished), add_trial, journal.tell)


def _retry(search: Search, finished: Sequence[FrozenTrial], record: Record) -> int:
    """Let the run of each failed trial be trained again, if it has one; returns how many trials there are before them.

    The trials after it are drawn again, since their settings depended on the failure; runs
    that are the same are used again.
    """
    again = [trial for trial in finished if trial.state == TrialState.FAIL and RUN in trial.user_attrs]
    for trial in again:
        run = run_of(search, trial.params)
        if record.has_ended(run.id):  # it lacks the score of the search
            record.invalidate(run, trial.user_attrs[WHY])
        record.retry(run.id)
    return again[0].number if again else len(finished)
