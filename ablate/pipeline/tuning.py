"""The first half of a sweep whose arms are tuned: a search for each arm, all at the same time."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from ablate.errors import NotTunedError, UnfinishedError
from ablate.executors import Slots
from ablate.pipeline.terminal import Terminal
from ablate.pipeline.tracked_sweep import train_tracked
from ablate.pipeline.trials import resume
from ablate.records.record import Record
from ablate.records.requests import RequestedRuns, load_requested, save_requested
from ablate.reporting.study.page import report_folder
from ablate.settings import dotted
from ablate.strategies.choices import export_tuning, tuned
from ablate.strategies.combined import Combined
from ablate.strategies.journal import count_finished
from ablate.studies.names import arm_name
from ablate.studies.planning import Design


def tune_first(
    design: Design, record: Record, slots: Slots, terminal: Terminal, *, adopt: bool = False, reuse: bool = False
) -> Design:
    """The study with the settings that each arm chose in a search of its own; unchanged if it has no `tune`.

    With `adopt`, choices that the report's data hold are taken from there, and these arms are not tuned again.
    With `reuse`, trials that are on the tracking server are adopted instead of trained.

    Raises:
        UnfinishedError: trials have lost their workers.
    """
    if design.study.tune is None:
        return design
    if adopt:
        with suppress(NotTunedError):
            return _say_choices(tuned(design, report_folder(design)), terminal)
    requested = _request(design, record)
    searches = {
        arm: resume(search, record, requested, requested.tuning, terminal, f"{arm}, tuning trial", _title(design, arm))
        for arm, search in design.tunings.items()
    }
    finished = sum(len(searching.finished) for searching in searches.values())
    total = design.study.tune.trials * len(searches)
    terminal.say(f"Tuning {len(searches)} arms: {total} trials, {finished} of them finished already.")
    if finished < total:
        executor = slots.start(design.study.timeout_seconds)
        view = terminal.view(requested.tuning, stopped="pruned")
        train_tracked(Combined(list(searches.values())), requested, record, executor, terminal, view, reuse=reuse)
        if left := total - sum(len(searching.finished) for searching in searches.values()):
            raise UnfinishedError(
                f"{left} of {total} tuning trials are not finished, so the arms cannot be compared yet; the same "
                "command continues"
            )
    save_requested(record.root, replace(requested, is_drawing=False))
    trials = {arm: searching.finished for arm, searching in searches.items()}
    export_tuning(design, trials, record, report_folder(design))
    return _say_choices(tuned(design, report_folder(design)), terminal)


def _say_choices(design: Design, terminal: Terminal) -> Design:
    """Print the settings that each arm has chosen; returns the design."""
    assert design.study.tune is not None
    for arm in design.arms:
        settings = dotted(arm.settings)
        terminal.say(f"{arm.name}: tuned to {arm_name({name: settings[name] for name in design.study.tune.space})}")
    return design


def count_left(design: Design, record: Record) -> dict[str, int]:
    """How many trials of each arm's search have not finished."""
    return {
        arm: search.trials - count_finished(record.root, search, _title(design, arm))
        for arm, search in design.tunings.items()
    }


def _title(design: Design, arm: str) -> str:
    return f"{design.name}: {arm}"


def _request(design: Design, record: Record) -> RequestedRuns:
    """The runs that the study requested before. Its trials are former ones until they are drawn again."""
    before = load_requested(record.root, design.name) or RequestedRuns(design.name, design.question, {})
    former = before.former | before.tuning
    metric = design.study.metric
    return replace(before, question=design.question, former=former, tuning={}, metric=metric, is_drawing=True)
