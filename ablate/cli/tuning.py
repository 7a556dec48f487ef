"""The first half of `ablate sweep` where arms are tuned: a search for each arm, all of them at the same time."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from ablate.cli.app import make_table, out
from ablate.cli.slots import train
from ablate.cli.trials import go_on
from ablate.errors import NotTunedError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ablate.executors import Executor
    from ablate.records.record import Record
    from ablate.records.requests import Asked
    from ablate.studies.study import Study


def tune_first(study: Study, record: Record, make_slots: Callable[[], Executor], *, adopt: bool = False) -> Study:
    """The study, given what each arm chose in a search of its own; as it is if it tunes none.

    With `adopt`, choices that the report's data hold are taken from there, and no arm is tuned again.
    """
    from ablate.pipeline.progress import make_view
    from ablate.records.requests import remember
    from ablate.reporting.study.page import report_folder
    from ablate.sources.choices import export_tuning, tuned
    from ablate.sources.together import Together
    from ablate.studies.tuning import tunings

    if study.tune is None:
        return study
    if adopt:
        with suppress(NotTunedError):
            return tuned(study, report_folder(study))
    asked = _ask(study, record)
    searches = {
        arm: go_on(search, record, asked, asked.tuning, f"{arm}, tuning trial", f"{study.name}: {arm}")
        for arm, search in tunings(study).items()
    }
    told = sum(len(searching.told) for searching in searches.values())
    every = study.tune.trials * len(searches)
    out.print(f"Tuning {len(searches)} arms: {every} trials, {told} of them ended already.")
    if told < every:
        train(Together(list(searches.values())), asked, record, make_slots(), make_view(out, asked.tuning, {}, {}))
    remember(record.root, asked)
    export_tuning(study, {arm: found.told for arm, found in searches.items()}, record, report_folder(study))
    return tuned(study, report_folder(study))


def _ask(study: Study, record: Record) -> Asked:
    """What the study asked for before, of which any trial may be drawn again."""
    from ablate.records.requests import Asked, recall

    before = recall(record.root, study.name) or Asked(study.name, study.question, {})
    return Asked(study.name, study.question, before.runs, before.former | before.tuning)


def show_tuning(study: Study, devices: Sequence[str]) -> None:
    """Print what a study will train whose arms are not tuned yet, and how long that will take."""
    from ablate.pipeline.estimate import duration, timed_seconds
    from ablate.studies.planning import arms

    assert study.tune is not None
    tune, settled = study.tune, arms(study)
    whole = {arm.name: timed_seconds(arm.run(tune.seed), devices[0]) for arm in settled}
    trial = {arm.name: whole[arm.name] * tune.epochs / arm.settings.training.epochs for arm in settled}
    lines = [
        (arm.name, arm.against or "(reference)", f"{tune.trials} of {tune.epochs} epochs", str(len(study.seeds)))
        for arm in settled
    ]
    out.print(make_table(study.question, ("arm", "compared with", "tuning trials", "runs then"), lines))
    tuning = sum(trial.values()) * tune.trials / min(len(devices), len(settled))  # one trial of each arm at a time
    seconds = tuning + sum(whole.values()) * len(study.seeds) / len(devices)
    slots = f"{len(devices)} slot{'s' if len(devices) > 1 else ''}"
    out.print(f"About {duration(seconds)} in {slots}; the arms are not tuned yet.")
