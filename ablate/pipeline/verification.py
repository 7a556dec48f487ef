"""Train recorded runs again, elsewhere and without a trace in the record, and compare."""

from __future__ import annotations

import hashlib
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError
from ablate.executors import DeviceName, ExecutorName, Request, executor_class
from ablate.pipeline.adoption import PlannedRecord, adoptable
from ablate.pipeline.parts import try_study
from ablate.pipeline.repeats import Recording, Repeat, compare
from ablate.pipeline.rescoring import score_weights
from ablate.pipeline.sweep import sweep
from ablate.pipeline.terminal import Terminal
from ablate.project import in_project
from ablate.records.record import Record
from ablate.records.requests import Label, check_name, load_requested
from ablate.reporting.study.page import report_folder
from ablate.reporting.study.verified import CONFIRMED, REFUTED, Verified, record_verified
from ablate.settings import RECIPE, Run
from ablate.strategies.choices import tuned
from ablate.strategies.fixed import Fixed
from ablate.studies.loading import study_of
from ablate.studies.planning import Cell, Design
from ablate.training.events import Abandoned, Ended, Event, Failed

if TYPE_CHECKING:
    import pandas as pd

NOT_COMPARED = ("node", "changes")
"""What an environment has that is about the machine's name, or is in the commit already."""


@dataclass(frozen=True)
class Verification:
    """The runs that were trained again, each with its outcome; `recorded` is how many there are to draw from."""

    runs: list[Verified]
    recorded: int
    path: Path

    @property
    def is_confirmed(self) -> bool:
        """Whether each run has the bits that were recorded, or differs from them no more than between processors."""
        return all(run.outcome in CONFIRMED for run in self.runs)

    @property
    def table(self) -> pd.DataFrame:
        """One row per run: arm, seed, run, ended, date, outcome, reason."""
        import pandas as pd

        return pd.DataFrame(self.runs)


def verify(
    study: Design | str | Path,
    *,
    runs: int | None = 2,
    seed: int = 0,
    workers: int | None = None,
    per_gpu: int | None = None,
    device: DeviceName = "auto",
    executor: ExecutorName = "local",
    address: str | None = None,
    terminal: Terminal | None = None,
) -> Verification:
    """Train some of a study's recorded runs again and compare them with the record, which is not changed.

    A run that is not in the record is compared with the data of reports, as those of a fresh clone. The outcomes are
    written to `reports/<study>/data/verified.csv`, run by run; the next report says so.

    Args:
        study: a study, or the path of its file.
        runs: how many runs to draw; None for all.
        seed: of the draw. The same seed draws the same runs, and fewer runs are some of them.
        workers, per_gpu, device, executor, address, terminal: see `ablate.sweep`.

    Raises:
        AblateError: something that the user can change is wrong: the file, the options, or no run is recorded.

    Examples:
        >>> import ablate
        >>> result = ablate.verify("tiny.yaml", runs=1, executor="inprocess")
        1 of 4 recorded runs is trained again, drawn with seed 0.
        ...
        >>> result.table[["arm", "seed", "outcome"]]
            arm  seed    outcome
        0  with     0  same bits
        >>> result.is_confirmed
        True
    """
    design, terminal = study_of(study), terminal or Terminal()
    slots = executor_class(executor).find_slots(Request(device, workers, per_gpu, address), terminal.warn)
    with in_project(terminal.warn) as project, tempfile.TemporaryDirectory(prefix="ablate-verify-") as temporary:
        record, again = Record(warn=terminal.warn), Record(Path(temporary), terminal.warn)
        check_name(record.root, design)
        design = tuned(design, folder := report_folder(design))
        recorded = PlannedRecord(record, adoptable(design, record))
        cells = [cell for cell in design.cells if recorded.has_ended(cell.run.id)]
        _name_other_recipes(design, record, terminal, left=len(cells))
        drawn = draw(cells, len(cells) if runs is None else runs, seed)
        how = "" if len(drawn) == len(cells) else f", drawn with seed {seed}"
        verb = "is" if len(drawn) == 1 else "are"
        terminal.say(f"{len(drawn)} of {len(cells)} recorded runs {verb} trained again{how}.")
        try_study(design, again)
        comparing = _Comparing({c.run.id: c for c in drawn}, recorded, again, folder, slots.devices[0], terminal)
        labels = {cell.run.id: str(Label(cell.arm.name, cell.seed)) for cell in drawn}
        view = terminal.view(labels, {cell.run.id: cell.run.training.epochs for cell in drawn})
        with slots.start(design.study.timeout_seconds) as training, view:
            sweep(Fixed([cell.run for cell in drawn]), training, again, [view, comparing])
        found = [comparing.found[run_id] for run_id in labels if run_id in comparing.found]
        return Verification(found, len(cells), project / folder)


def draw(cells: Sequence[Cell], number: int, seed: int) -> list[Cell]:
    """Draw cells at random: those whose runs have the lowest digests together with the seed, in the order of the study.

    So the draw depends on neither the order of runs nor the version of Python, and a larger one contains a smaller one.
    """

    def digest(cell: Cell) -> bytes:
        return hashlib.sha256(f"{seed} {cell.run.id}".encode()).digest()

    chosen = {cell.run.id for cell in sorted(cells, key=digest)[:number]}
    return [cell for cell in cells if cell.run.id in chosen]


def _name_other_recipes(design: Design, record: Record, terminal: Terminal, *, left: int) -> None:
    """Name the recorded runs of the study that only another recipe can train.

    Raises:
        AblateError: nothing is left to verify.
    """
    requested = load_requested(record.root, design.name)
    former = requested.former if requested else {}
    recipes = {str(label): facts.recipe for run, label in former.items() if (facts := record.facts(run))}
    others = [f"{label} (recipe {recipe})" for label, recipe in recipes.items() if recipe != RECIPE]
    if others:
        terminal.warn(f"Of another recipe than {RECIPE}, so not trained again: {', '.join(others)}.")
    if not left:
        raise AblateError(f"no run of {design.name} is recorded as it is now; `ablate sweep` trains them")


@dataclass
class _Comparing:
    """A listener that compares each run when it has ended, says what came of it, and records that."""

    cells: dict[str, Cell]
    recorded: Record
    again: Record
    folder: Path
    device: str
    terminal: Terminal
    found: dict[str, Verified] = field(default_factory=dict)

    def __call__(self, run: Run, event: Event) -> None:
        """Compare a run that has ended, or could not be trained."""
        match event:
            case Ended():
                repeat = self._compare(run)
            case Failed(reason) | Abandoned(reason):
                repeat = Repeat("not trained", reason)
            case _:
                return
        reason = "; ".join([repeat.reason, *self._changes(run, event)])
        result = self.recorded.result(run.id)
        assert result is not None
        cell, today = self.cells[run.id], time.strftime("%Y-%m-%d", time.gmtime())
        item = Verified(cell.arm.name, cell.seed, run.id, float(result.ended), today, repeat.outcome, reason)
        self.terminal.say(f"{Label(item.arm, item.seed)}: {item.outcome} ({item.reason})")
        record_verified(item, self.folder)
        self.found[run.id] = item

    def _compare(self, run: Run) -> Repeat:
        if self.recorded.has_files(run.id) and not self.recorded.is_intact(run.id):
            return Repeat(REFUTED, "a recorded file does not have the checksum that result.json has of it")
        old, new = Recording.read(self.recorded, run.id), Recording.read(self.again, run.id)
        assert old
        assert new
        return compare(old, new, lambda weights: score_weights(run, weights, self.device))

    def _changes(self, run: Run, event: Event) -> Iterator[str]:
        """What was another version, device or commit when the run was recorded."""
        result = self.recorded.result(run.id)
        old: dict[str, Any] = result.environment if result else {}
        new: dict[str, Any] = event.environment if isinstance(event, Ended) else {}
        for name in sorted(old.keys() & new.keys() - {*NOT_COMPARED}):
            if str(old[name]) != str(new[name]):
                yield f"{name} was {old[name]} and is {new[name]}"
