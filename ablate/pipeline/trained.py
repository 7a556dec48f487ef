"""Finds a run by what the user types, and loads its trained network, or says which command trains it."""

from __future__ import annotations

import hashlib
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ablate.errors import AblateError, StudyError, quote, suggest
from ablate.overrides import resolve
from ablate.records.parts import PARTS, read_parts
from ablate.records.record import Record
from ablate.records.requests import Label, RequestedRuns, load_all_requested, load_requested
from ablate.settings import Run
from ablate.variants.choices import Variants

if TYPE_CHECKING:
    from ablate.denoiser import Denoiser

MAX_LISTED = 8
"""Runs that a message lists, if the beginning of an id is not unique."""


@dataclass(frozen=True)
class FoundRun:
    """A recorded run, the study that requests it and what it is called there; a run of no study has neither."""

    run: Run
    requested: RequestedRuns | None = None
    label: Label | None = None

    def __str__(self) -> str:
        return f"{self.requested.study}: {self.label}" if self.requested else f"run {self.run.id}"

    @property
    def range(self) -> tuple[float, float] | None:
        """The pixel values that are 0 and 1 for its network; None for those of the type of a picture."""
        limits = self.run.data.range
        return None if limits == "type" else limits


def find_by_id(record: Record, beginning: str) -> FoundRun:
    """The recorded run whose id begins so.

    Raises:
        AblateError: there is none, or more than one.
    """
    ids = sorted(path.name for path in (record.root / "runs").glob("[!.]*"))
    found = [run_id for run_id in ids if run_id.startswith(beginning)] if beginning else []
    if not found:
        known = f"{len(ids)} runs are recorded here; `ablate status --json` lists them" if ids else _no_runs()
        raise AblateError(f"no run has an id that begins with {quote(beginning)}; {known}")
    if len(found) > 1 and beginning not in found:
        more = "" if len(found) <= MAX_LISTED else f" and {len(found) - MAX_LISTED} more"
        raise AblateError(f"{len(found)} runs begin with {quote(beginning)}: {', '.join(found[:MAX_LISTED])}{more}")
    return _found(record, found[0])


def find_by_label(record: Record, study: Path, arm: str, seed: int) -> FoundRun:
    """The run of an arm with a seed, of a study that was swept in this folder.

    Args:
        record: where to look.
        study: the file of the study, or its name.
        arm: the name of the arm, as in the report.
        seed: one of the seeds.

    Raises:
        AblateError: the study, the arm or the seed is unknown, or the run is not trained yet.
    """
    requested = load_requested(record.root, study.stem)
    if requested is None:
        names = [known.study for known in load_all_requested(record.root)]
        hint = suggest(study.stem, names) if names else f"`ablate sweep {shlex.quote(str(study))}` trains its runs"
        raise AblateError(f"the study {quote(study.stem)} was not swept in this folder; {hint}")
    runs = requested.current_runs()
    arms = list(dict.fromkeys(label.arm for label in runs.values()))
    if arm not in arms:
        raise AblateError(f"{requested.study} has no arm {quote(arm)}; {suggest(arm, arms)}")
    seeds = {label.seed: run_id for run_id, label in runs.items() if label.arm == arm}
    if seed not in seeds:
        raise AblateError(f"{requested.study}: {arm} has no seed {seed}; allowed: {', '.join(map(str, sorted(seeds)))}")
    if record.facts(seeds[seed]) is None:
        raise AblateError(f"{requested.study}: {Label(arm, seed)} is not trained yet; {_sweep(requested)} trains it")
    return _found(record, seeds[seed], requested)


def _found(record: Record, run_id: str, named: RequestedRuns | None = None) -> FoundRun:
    facts = record.facts(run_id)
    if facts is None:
        raise AblateError(
            f"{record.folder(run_id) / 'run.json'}: missing or damaged; the next `ablate sweep` repairs it"
        )
    try:
        parts = Variants(read_parts(record.folder(run_id)))
        run = resolve(parts.without_digests(facts.settings), parts).run(facts.seed)
    except StudyError as error:
        raise AblateError(f"run {run_id} was recorded by another version of ablate ({error})") from None
    if run.id != run_id and run.part_files:
        raise AblateError(f"{record.folder(run_id) / PARTS}: these files are not those that trained the run")
    for requested in [named] if named else load_all_requested(record.root):
        if label := requested.label(run_id):
            return FoundRun(run, requested, label)
    return FoundRun(run)


def load_weights(found: FoundRun, record: Record) -> bytes:
    """The weights of a run's best epoch, as safetensors.

    Raises:
        AblateError: the run has none; the message has the command that trains it.
    """
    run_id = found.run.id
    result = record.result(run_id)
    if result is None:
        status = record.status(run_id)
        again = "" if record.needs_training(run_id) else " --retry-failed"
        raise AblateError(f"{found} is {status} and has no weights yet; {_sweep(found.requested, again)} trains it")
    if result.has_only_scores:
        fact = f"was adopted from {result.adopted}, which has scores but no weights"
        raise AblateError(f"{found} {fact}; {_train_again(found, record)} trains it here")
    weights = record.weights(run_id)
    if not weights and result.status == "diverged":
        raise AblateError(f"{found} diverged in its first epoch, so it has no weights")
    if not weights or hashlib.sha256(weights).hexdigest() != result.files.get("weights.safetensors"):
        fact = "missing or damaged"
        path = record.folder(run_id) / "weights.safetensors"
        raise AblateError(f"{path}: {fact}; {_sweep(found.requested)} trains {found} again")
    return weights


def load_network(found: FoundRun, record: Record) -> Denoiser:
    """The trained network of a run, in evaluation mode, on the CPU.

    Raises:
        AblateError: the run has no weights, or those of another network.
    """
    weights = load_weights(found, record)
    import safetensors.torch

    from ablate.denoiser import build_denoiser

    model = build_denoiser(found.run.model)
    try:
        model.load_state_dict(safetensors.torch.load(weights))
    except (RuntimeError, safetensors.SafetensorError) as error:
        reason = str(error).splitlines()[0]
        raise AblateError(f"{found}: these weights are not those of its network ({reason})") from None
    return model.eval()


def _sweep(requested: RequestedRuns | None, options: str = "") -> str:
    """The command that trains the runs of a study or search."""
    file = requested.file if requested and requested.file else "STUDY"
    command = "search" if requested and requested.is_search else "sweep"
    return f"`ablate {command} {shlex.quote(file)}{options}`"


def _train_again(found: FoundRun, record: Record) -> str:
    """The command that trains a run of which there are only scores."""
    folder = shlex.quote(record.folder(found.run.id).as_posix())
    return f"`rm -r {folder} && {_sweep(found.requested).strip('`')}`"


def _no_runs() -> str:
    return "nothing is recorded in this folder yet: `ablate sweep STUDY` trains runs"
