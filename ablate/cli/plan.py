"""What `ablate sweep --dry-run` prints: the arms, what is left to train, and how long that will take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ablate.cli.app import make_table, out

if TYPE_CHECKING:
    from rich.table import Table

    from ablate.records.record import Record
    from ablate.studies.planning import Arm
    from ablate.studies.study import Study


def show_plan(study: Study, record: Record, devices: Sequence[str], *, broken: bool) -> None:
    """Print the plan of a sweep, or of one of the `broken` runs only, in a slot on each of `devices`."""
    from ablate.pipeline.estimate import duration, estimate

    out.print(_plan_table(study, record, broken=broken))
    found = estimate(study, record, devices, broken=broken)
    if not found.recorded + found.timed:
        out.print("Nothing to train.")
        return
    sources = {"recorded runs": found.recorded, "timed steps": found.timed, "the mean of the others": found.assumed}
    said = ", ".join(f"{count} by {source}" for source, count in sources.items() if count)
    slots = f"{len(devices)} slot{'s' if len(devices) > 1 else ''} ({', '.join(sorted(set(devices)))})"
    about = "About" if len(study.looks) == 1 else "At most about"
    out.print(f"{about} {duration(found.seconds)} in {slots}; arms: {said}.")


def _plan_table(study: Study, record: Record, *, broken: bool) -> Table:
    from ablate.denoiser.denoiser import count_parameters
    from ablate.pipeline.estimate import seeds_in_reach
    from ablate.studies.planning import arms

    reach = seeds_in_reach(study, record)

    def line(arm: Arm) -> tuple[str, ...]:
        ids = [arm.run(seed).id for seed in reach[arm.name]]
        there = sum(record.ended(run_id) for run_id in ids)
        to_train = sum(record.wanting(run_id, broken=broken) for run_id in ids)
        parameters = f"{count_parameters(arm.settings.model):,}"
        return arm.name, arm.against or "(reference)", str(to_train), str(there), parameters

    to_train = "runs to train" if len(study.looks) == 1 else "runs to train, at most"
    headings = ("arm", "compared with", to_train, "already there", "parameters")
    seeds = ", ".join(map(str, study.seeds))
    if len(study.looks) > 1:
        seeds += f"; as many of them as it takes, with looks at {', '.join(str(look.seeds) for look in study.looks)}"
    return make_table(f"{study.question}\nSeeds: {seeds}", headings, map(line, arms(study)))
