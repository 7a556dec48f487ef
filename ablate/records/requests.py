"""The runs that each study has requested, saved so that `status` and `sync` work without the study file.

.ablate/studies/<study>.json    its question, its runs, and the runs that only an earlier version of it requested
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import TypeAdapter, ValidationError

from ablate.errors import AblateError
from ablate.project import REPORTS
from ablate.records.files import make_folder, read_json, write_json

if TYPE_CHECKING:
    from ablate.studies.plan import Seed
    from ablate.studies.planning import Design
    from ablate.studies.search import Search


Kind = Literal["present", "later look", "tuning", "given up", "former"]


class Label(NamedTuple):
    """What a study calls a run."""

    arm: str
    seed: int

    def __str__(self) -> str:
        return f"{self.arm} seed {self.seed}"


@dataclass(frozen=True)
class RunStatus:
    """The status of a run that a study requests; `detail` says why it failed, or what is training it."""

    run: str
    arm: str
    seed: Seed
    status: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.arm} seed {self.seed}: {self.status}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True)
class RequestedRuns:
    """The runs of a study or search, by their ids.

    Attributes:
        runs: those of its present version; the runs of a search are added when its trials are drawn.
        former: those that only an earlier version of it requested.
        given_up: runs that will not be finished, since a search has pruned them or no look of a study needs them.
        tuning: the runs in which the arms of a study are tuned; they too are added when trials are drawn.
        metric: the one that decides between the `runs` of a study; None for a search.
        level_seeds: the seeds of the first look, which all arms have (`Design.level_seeds`); None if all runs count.
        file: the file of the study, from the folder of the project; None if that is not known.
        is_drawing: whether trials of it are still to be drawn, which can be former ones again.
    """

    study: str
    question: str
    runs: dict[str, Label]
    former: dict[str, Label] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    tuning: dict[str, Label] = field(default_factory=dict)
    metric: str | None = None
    level_seeds: list[int] | None = None
    file: str | None = None
    is_drawing: bool = False

    @property
    def is_search(self) -> bool:
        """Whether a search requests them, whose trials are compared in its own report."""
        return self.metric is None

    @classmethod
    def of(cls, design: Design, before: RequestedRuns | None = None) -> RequestedRuns:
        """The runs of a study; `before` has those that it requested when it was last swept."""
        runs = {cell.run.id: Label(cell.arm.name, cell.seed) for cell in design.cells}
        earlier = (before.former | before.tuning | before.runs) if before else {}
        tuning = before.tuning if before and design.tunings else {}
        former = {run_id: label for run_id, label in earlier.items() if run_id not in runs | tuning}
        file = before.file if before else None
        levels = list(design.seeds[: design.looks[0].seeds]) if len(design.looks) > 1 else None
        metric = design.study.metric
        return cls(
            design.name, design.question, runs, former, tuning=tuning, metric=metric, level_seeds=levels, file=file
        )

    def kind(self, run_id: str) -> Kind:
        """What a run is to the study: `given up` includes runs that ended although no look turned out to need them.

        Runs of later looks are marked, since only over the seeds that all arms have can their levels be compared.
        """
        if run_id in self.given_up:
            return "given up"
        if run_id in self.runs:
            is_later = self.level_seeds is not None and self.runs[run_id].seed not in self.level_seeds
            return "later look" if is_later else "present"
        return "tuning" if run_id in self.tuning else "former"

    def label(self, run_id: str) -> Label | None:
        """What the study calls a run that it has ever requested."""
        return self.runs.get(run_id) or self.tuning.get(run_id) or self.former.get(run_id)

    def current_runs(self) -> dict[str, Label]:
        """The runs that its present version requests."""
        return self.tuning | self.runs

    def all_runs(self) -> dict[str, Label]:
        """All runs that it has ever requested."""
        return self.former | self.tuning | self.runs


REQUESTED_RUNS = TypeAdapter(RequestedRuns)


def save_requested(root: Path, requested: RequestedRuns) -> None:
    """Save the runs that a study requests."""
    make_folder(_folder(root))
    write_json(_folder(root) / f"{requested.study}.json", asdict(requested))


def load_requested(root: Path, study: str) -> RequestedRuns | None:
    """The runs that a study requested when it was last swept; None if it never was."""
    try:
        return REQUESTED_RUNS.validate_json((_folder(root) / f"{study}.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def check_name(root: Path, study: Design | Search) -> None:
    """Raise unless the name of a study or search, which is that of its file, is its own.

    Raises:
        AblateError: the record, or a report beside it, has this name from another file, which is still there.
    """
    before = load_requested(root, study.name)
    file = before.file if before else _reported_file(root, study.name)
    if file and study.file:
        other = root.resolve().parent / file
        if other.exists() and not (study.file.exists() and other.samefile(study.file)):
            fact = f"its report would replace that of {file}, which has the same name; rename one of the two"
            raise AblateError(f"{from_project(root, study.file)}: {fact}")


def _reported_file(root: Path, study: str) -> str | None:
    """The study file that a report was written for; None if unknown. A fresh clone has reports, but no record."""
    numbers = read_json(root.resolve().parent / REPORTS / study / "metrics.json")
    file = numbers.get("file") if isinstance(numbers, dict) else None  # not written by earlier versions
    return file if isinstance(file, str) else None


def claim_name(root: Path, study: Design | Search) -> None:
    """Save from which file a study or search comes; one that has been moved keeps its runs.

    Raises:
        AblateError: see `check_name`.
    """
    check_name(root, study)
    if study.file:
        file = from_project(root, study.file)
        before = load_requested(root, study.name) or RequestedRuns(study.name, study.question, {})
        save_requested(root, replace(before, file=file))


def from_project(root: Path, file: Path) -> str:
    """The path of a file from the folder that the record is in, so that both can be moved or copied together."""
    return Path(os.path.relpath(file.resolve(), root.resolve().parent)).as_posix()


def requested_by(root: Path, study: Design | Search) -> RequestedRuns:
    """The runs that a study or search requests, as far as that is known without continuing it.

    Raises:
        AblateError: see `check_name`.
    """
    from ablate.studies.search import Search  # not at the top of the file: `ablate status` does without

    check_name(root, study)
    before = load_requested(root, study.name)
    if isinstance(study, Search) or study.tunings:
        return before or RequestedRuns(study.name, study.question, {})
    return replace(RequestedRuns.of(study, before), given_up=before.given_up if before else [])


def load_all_requested(root: Path) -> list[RequestedRuns]:
    """The runs of each study that was ever swept, in the order of the studies' names."""
    found = [load_requested(root, path.stem) for path in sorted(_folder(root).glob("[!.]*.json"))]
    return [requested for requested in found if requested]


def find_damaged(root: Path) -> list[Path]:
    """The files from which `load_requested` cannot read anything."""
    return [path for path in sorted(_folder(root).glob("[!.]*.json")) if load_requested(root, path.stem) is None]


def _folder(root: Path) -> Path:
    return root / "studies"
