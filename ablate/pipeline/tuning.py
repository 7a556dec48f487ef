"""The first half of a sweep where arms are tuned: a search for each arm, all of them at the same time."""

from __future__ import annotations

from contextlib import suppress

from ablate.errors import NotTunedError
from ablate.pipeline.slots import Slots
from ablate.pipeline.terminal import Terminal
from ablate.pipeline.tracked_sweep import train_tracked
from ablate.pipeline.trials import go_on
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, load_requested, save_requested
from ablate.reporting.study.page import report_folder
from ablate.strategies.choices import export_tuning, tuned
from ablate.strategies.combined import Combined
from ablate.studies.planning import Design


def tune_first(design: Design, record: Record, slots: Slots, terminal: Terminal, *, adopt: bool = False) -> Design:
    """The study, given what each arm chose in a search of its own; as it is if it tunes none.

    With `adopt`, choices that the report's data hold are taken from there, and no arm is tuned again.
    """
    if design.study.tune is None:
        return design
    if adopt:
        with suppress(NotTunedError):
            return tuned(design, report_folder(design))
    requested = _request(design, record)
    searches = {
        arm: go_on(
            search, record, requested, requested.tuning, terminal.warn, f"{arm}, tuning trial", f"{design.name}: {arm}"
        )
        for arm, search in design.tunings.items()
    }
    ended = sum(len(searching.finished) for searching in searches.values())
    every = design.study.tune.trials * len(searches)
    terminal.say(f"Tuning {len(searches)} arms: {every} trials, {ended} of them ended already.")
    if ended < every:
        executor, view = slots.start(design.study.timeout_seconds), terminal.view(requested.tuning)
        train_tracked(Combined(list(searches.values())), requested, record, executor, terminal, view)
    save_requested(record.root, requested)
    export_tuning(design, {arm: found.finished for arm, found in searches.items()}, record, report_folder(design))
    return tuned(design, report_folder(design))


def _request(design: Design, record: Record) -> RequestedRuns:
    """What the study asked for before, of which any trial may be drawn again."""
    before = load_requested(record.root, design.name) or RequestedRuns(design.name, design.question, {})
    return RequestedRuns(design.name, design.question, before.runs, before.former | before.tuning)
