"""Adopts runs whose results are in the reports' data, so a fresh clone trains only what nobody has trained yet.

These tables have a run's scores, epochs and environment, but not its weights. The record marks such runs as adopted.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ablate.errors import AblateError
from ablate.metrics import METRICS
from ablate.records.adoptable import Adoptable
from ablate.records.models import Result
from ablate.records.record import ENDED, Record, Status
from ablate.reporting import REPORTS
from ablate.settings import Run
from ablate.studies.planning import Design
from ablate.training.events import Row

Line = Mapping[str, str]
"""A line of a table by its columns, as text: converted to a number and back, a cell could lose its last digit."""


def adopt(design: Design, record: Record, reports: Path = REPORTS) -> list[Run]:
    """Adopt the runs of a study that are in any report's data and of which the record has nothing.

    Raises:
        AblateError: a table is damaged.
    """
    found = adoptable(design, record, reports)
    for item in found:
        record.adopt(item)
    return [item.run for item in found]


def adoptable(design: Design, record: Record, reports: Path = REPORTS) -> list[Adoptable]:
    """The runs that `adopt` would adopt. If a run is in several reports' data, the study's own take precedence.

    Raises:
        AblateError: a table is damaged.
    """
    missing = {run.id: run for run in design.runs if not record.has_files(run.id)}
    found: dict[str, Adoptable] = {}
    for data in [reports / design.name / "data", *sorted(reports.glob("*/data"))]:
        left = {run_id: run for run_id, run in missing.items() if run_id not in found}
        found |= {item.run.id: item for item in _read(data, left)}
    return list(found.values())


class PlannedRecord(Record):
    """A record as it will be once these runs are adopted, for plans, which write nothing."""

    def __init__(self, record: Record, found: list[Adoptable]) -> None:
        super().__init__(record.root, record.warn)
        self.found = {item.run.id: item for item in found}

    def status(self, run_id: str) -> Status:
        """See `Record`."""
        found: Status = self.found[run_id].result.status if run_id in self.found else super().status(run_id)
        return found

    def has_ended(self, run_id: str) -> bool:
        """See `Record`."""
        return run_id in self.found or super().has_ended(run_id)

    def result(self, run_id: str) -> Result | None:
        """See `Record`."""
        return self.found[run_id].result if run_id in self.found else super().result(run_id)

    def start_time(self, run_id: str) -> float:
        """See `Record`."""
        return self.found[run_id].began if run_id in self.found else super().start_time(run_id)

    def epochs(self, run_id: str) -> list[Row]:
        """See `Record`."""
        return self.found[run_id].rows if run_id in self.found else super().epochs(run_id)


def _read(data: Path, wanted: Mapping[str, Run]) -> Iterator[Adoptable]:
    """The finished runs in a report's data, of those that are wanted by id."""
    path = data / "runs.csv"
    if not wanted or not path.exists():
        return
    with _damage_reported(path):
        lines = [line for line in _lines(path) if line["run"] in wanted and line["status"] in ENDED]
    epochs = _epochs(data / "epochs.csv") if lines else {}
    for line in lines:
        run, rows = wanted[line["run"]], epochs.get(line["run"], [])
        with _damage_reported(path):
            item = Adoptable(run, _number(line["began"]), rows, _result(line, data))
            if int(line["seed"]) != run.seed:
                raise ValueError(f"run {run.id} with seed {line['seed']}")
        with _damage_reported(data / "epochs.csv"):
            _check_epochs(item)
        yield item


@contextmanager
def _damage_reported(path: Path) -> Iterator[None]:
    """Turn every error in reading a table into one line that names the file."""
    try:
        yield
    except (OSError, ValueError, KeyError, csv.Error) as error:
        rule = "this table is damaged, so no run can be adopted from it; `git restore` brings it back"
        raise AblateError(f"{path}: {rule} ({type(error).__name__}: {error})") from None


def _lines(path: Path) -> list[Line]:
    """The lines of a table.

    Raises:
        ValueError: a line is incomplete.
    """
    text = path.read_bytes().decode()
    lines: list[Line] = list(csv.DictReader(io.StringIO(text, newline=""), restkey="", strict=True))
    if not text.endswith("\n") or any("" in line or None in line.values() for line in lines):
        raise ValueError("it was cut off, or a line has too few or too many cells")
    return lines


def _epochs(path: Path) -> dict[str, list[Row]]:
    """The epochs of each run, in the order of the table."""
    found: dict[str, list[Row]] = {}
    with _damage_reported(path):
        for line in _lines(path):
            row = {name: _number(cell) for name, cell in line.items() if cell and name not in ("arm", "seed", "run")}
            found.setdefault(line["run"], []).append(row)
    return found


def _check_epochs(item: Adoptable) -> None:
    epochs, planned = [row["epoch"] for row in item.rows], item.run.training.epochs
    complete = len(epochs) == planned if item.result.status == "finished" else len(epochs) <= planned
    if epochs != [*range(1, len(epochs) + 1)] or not complete:
        raise ValueError(f"run {item.run.id} does not have its {planned} epochs")


def _result(line: Line, data: Path) -> Result:
    """How a run ended. The scores of a diverged run are left out: the table has those of a constant prediction."""
    cells = {name: cell for name, cell in line.items() if cell}
    results = {name: _number(cell) for name, cell in cells.items() if name in METRICS}
    if line["status"] == "diverged":
        results = {name: value for name, value in results.items() if not METRICS[name].decides_studies}
    environment = {name.removeprefix("env/"): cell for name, cell in cells.items() if name.startswith("env/")}
    return Result.model_validate(
        {
            "status": line["status"],
            "results": results,
            "environment": environment,
            "adopted": data.as_posix(),
            "ended": _number(line["ended"]),
        }
    )


def _number(cell: str) -> float:
    """The number in a cell; an integer if it is written as one."""
    value = int(cell) if cell.isdecimal() else float(cell)
    if not math.isfinite(value):
        raise ValueError(f"{cell} is not a finite number")
    return value
