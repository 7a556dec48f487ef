"""The runs that each study has requested, saved so that `status` and `sync` work without the study file.

.ablate/studies/<study>.json    its question, its runs, and those that an earlier version of it asked for
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from ablate.records.files import make_folder, write_json
from ablate.studies.planning import Design
from ablate.studies.search import Search


class Label(NamedTuple):
    """What a study calls a run."""

    arm: str
    seed: int

    def __str__(self) -> str:
        return f"{self.arm} seed {self.seed}"


@dataclass(frozen=True)
class RunStatus:
    """The status of a run that a study requests; `detail` says why it failed, or what trains it now."""

    run: str
    arm: str
    seed: int
    status: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{Label(self.arm, self.seed)}: {self.status}{f' ({self.detail})' if self.detail else ''}"


@dataclass(frozen=True)
class RequestedRuns:
    """The runs of a study by their ids; `former` are those that only an earlier version of it asked for.

    A search's runs are added as its trials are drawn; `tuning` are the runs in which the arms of a study are tuned,
    likewise. `metric` judges the `runs` of a study. Those `given_up` are not to be finished: a search has pruned them,
    or no look of a study needs them.
    """

    study: str
    question: str
    runs: dict[str, Label]
    former: dict[str, Label] = field(default_factory=dict)
    given_up: list[str] = field(default_factory=list)
    tuning: dict[str, Label] = field(default_factory=dict)
    metric: str | None = None

    @classmethod
    def of(cls, design: Design, before: RequestedRuns | None = None) -> RequestedRuns:
        """What a study asks for, `before` being what it asked for when it was last swept."""
        runs = {cell.run.id: Label(cell.arm.name, cell.seed) for cell in design.cells}
        earlier = (before.former | before.tuning | before.runs) if before else {}
        tuning = before.tuning if before and design.tunings else {}
        former = {run_id: label for run_id, label in earlier.items() if run_id not in runs | tuning}
        return cls(design.name, design.question, runs, former, tuning=tuning, metric=design.study.metric)

    def current_runs(self) -> dict[str, Label]:
        """The runs that its present version asks for."""
        return self.tuning | self.runs

    def all_runs(self) -> dict[str, Label]:
        """All runs that it has ever asked for."""
        return self.former | self.tuning | self.runs


STORED = TypeAdapter(RequestedRuns)


def save_requested(root: Path, requested: RequestedRuns) -> None:
    """Put down what a study asks for."""
    make_folder(_folder(root))
    write_json(_folder(root) / f"{requested.study}.json", asdict(requested))


def load_requested(root: Path, study: str) -> RequestedRuns | None:
    """What a study asked for when it was last swept, None if it never was."""
    try:
        return STORED.validate_json((_folder(root) / f"{study}.json").read_bytes())
    except (FileNotFoundError, ValidationError):
        return None


def requested_by(root: Path, asking: Design | Search) -> RequestedRuns:
    """What a study or a search asks for, as far as that is known without going on with it."""
    before = load_requested(root, asking.name)
    if isinstance(asking, Search) or asking.tunings:
        return before or RequestedRuns(asking.name, asking.question, {})
    return replace(RequestedRuns.of(asking, before), given_up=before.given_up if before else [])


def load_all_requested(root: Path) -> list[RequestedRuns]:
    """What every study asked for that was ever swept, by the studies' names."""
    found = [load_requested(root, path.stem) for path in sorted(_folder(root).glob("[!.]*.json"))]
    return [requested for requested in found if requested]


def _folder(root: Path) -> Path:
    return root / "studies"
