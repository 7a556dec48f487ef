"""What a dry run prints: the arms, the runs left to train, and how long they will take."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from ablate.cli._shared import out
from ablate.cli._tables import FittingTable, make_table

if TYPE_CHECKING:
    from ablate.records.record import Record
    from ablate.studies.designs import Arm
    from ablate.studies.planning import Design


def show_plan(design: Design, record: Record, devices: Sequence[str], *, retry_failed: bool) -> None:
    """Print the plan of a sweep with one slot on each of `devices`; with `retry_failed`, of the failed runs only."""
    from ablate.pipeline.estimate import duration, estimate

    out.print(_plan_table(design, record, retry_failed=retry_failed))
    for line in _own_parts(design):
        out.print(line, soft_wrap=True)
    found = estimate(design, record, devices, retry_failed=retry_failed)
    if not found.recorded + found.timed:
        out.print("Nothing to train.")
        return
    sources = {"recorded runs": found.recorded, "timed steps": found.timed, "the mean of the others": found.assumed}
    said = ", ".join(f"{count} by {source}" for source, count in sources.items() if count)
    slots = f"{len(devices)} slot{'s' if len(devices) > 1 else ''} ({', '.join(sorted(set(devices)))})"
    about = "About" if len(design.looks) == 1 else "At most about"
    out.print(f"{about} {duration(found.seconds)} in {slots}; arms: {said}.")


def _plan_table(design: Design, record: Record, *, retry_failed: bool) -> FittingTable:
    from ablate.denoiser.denoiser import count_parameters
    from ablate.pipeline.estimate import seeds_in_reach

    reach = seeds_in_reach(design, record)

    def line(arm: Arm) -> tuple[str, ...]:
        ids = [arm.run(seed).id for seed in reach[arm.name]]
        there = sum(record.has_ended(run_id) for run_id in ids)
        to_train = sum(record.needs_training(run_id, retry_failed=retry_failed) for run_id in ids)
        parameters = f"{count_parameters(arm.settings.model):,}"
        return arm.name, arm.against or "(reference)", str(to_train), str(there), parameters

    to_train = "runs to train" if len(design.looks) == 1 else "runs to train, at most"
    headings = ("arm", "compared with", to_train, "already recorded", "parameters")
    seeds = ", ".join(map(str, design.seeds))
    if len(design.looks) > 1:
        seeds += f"; as many as it takes, with looks at {', '.join(str(look.seeds) for look in design.looks)}"
    return make_table(f"{design.question}\nSeeds: {seeds}", headings, map(line, design.arms), texts=headings[:2])


def _own_parts(design: Design) -> Iterator[str]:
    """A line for each of the study's own parts that is a layer of an arm's network, with its parameters and FLOPs."""
    from ablate.denoiser.layers import count_own_layers

    for arm in design.arms:
        for part, number, parameters, flops in count_own_layers(arm.settings.model):
            where = f"{part.registered.file}:{part.registered.line}"
            what = f"{number} x {part.name}" if number > 1 else part.name
            yield f"{arm.name}: {what} ({where}), {parameters:,} params, {flops / 1e6:,.2f} MFLOPs per image in all."


def show_tuning(design: Design, record: Record, devices: Sequence[str]) -> None:
    """Print the plan of a study whose arms are not all tuned: which trials and runs are left, and for how long."""
    from ablate.pipeline.estimate import duration, overhead_seconds, timed_seconds
    from ablate.pipeline.tuning import count_left

    tune, arms, seeds = design.study.tune, design.arms, len(design.seeds)
    assert tune is not None
    full = {arm.name: timed_seconds(arm.run(tune.seed), devices[0]) for arm in arms}
    trial = {arm.name: full[arm.name] * tune.epochs / arm.settings.training.epochs for arm in arms}
    left = count_left(design, record)
    lines = [
        (arm.name, arm.against or "(reference)", f"{left[arm.name]} of {tune.epochs} epochs", str(seeds))
        for arm in arms
    ]
    headings = ("arm", "compared with", "tuning trials left", "runs afterwards")
    out.print(make_table(design.question, headings, lines, texts=headings[:3]))
    at_a_time = min(len(devices), len(arms))  # one trial of each arm
    tuning = sum(seconds * left[arm] for arm, seconds in trial.items()) / at_a_time
    seconds = tuning + sum(full.values()) * seeds / len(devices) + overhead_seconds()
    slots = f"{len(devices)} slot{'s' if len(devices) > 1 else ''}"
    out.print(f"About {duration(seconds)} in {slots}; the arms are not tuned yet.")
