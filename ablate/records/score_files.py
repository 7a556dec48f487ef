"""Read tables of scores that other programs produced, from CSV, Parquet or JSON, with the place of each row.

Nothing is interpreted here: `score_tables` finds the arms, the seeds and the scores.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ablate.errors import AblateError

if TYPE_CHECKING:
    import pandas as pd

MAX_BYTES = 100_000_000
DELIMITERS = ",;\t"


@dataclass(frozen=True)
class Rows:
    """The rows of a table as they were written.

    Attributes:
        source: the name of the table in messages: the path of its file.
        columns: their names, in order.
        rows: the cells of each row by column; a column without a cell is missing or None.
        places: of each row, as messages name it: `line 7`.
    """

    source: str
    columns: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    places: tuple[str, ...]


def read_rows(path: Path) -> Rows:
    """Read the rows of a file; its ending says which kind it is.

    Raises:
        AblateError: the file is missing, too large, damaged, or of another kind.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise AblateError(f"{path}: not a table of scores by its name; allowed: {', '.join(READERS)}")
    if not path.is_file():
        raise AblateError(f"{path}: no such file")
    if path.stat().st_size > MAX_BYTES:
        raise AblateError(f"{path}: file too large: {path.stat().st_size:,} bytes (limit {MAX_BYTES:,})")
    try:
        found = reader(path)
    except (ValueError, csv.Error) as error:  # the readers of JSON and Parquet raise kinds of ValueError
        raise AblateError(f"{path}: cannot be read ({' '.join(str(error).split())[:200]})") from None
    if not found.rows:
        raise AblateError(f"{path}: has no rows")
    return found


def rows_of_frame(frame: pd.DataFrame, source: str) -> Rows:
    """The rows of a DataFrame; an index that has names is among the columns."""
    if any(name is not None for name in frame.index.names):
        frame = frame.reset_index()
    return rows_of_records(frame.astype(object).to_dict("records"), source, map(str, frame.columns))


def rows_of_records(records: Iterable[Mapping[Any, Any]], source: str, columns: Iterable[str] = ()) -> Rows:
    """Rows that are counted from 1, since they have no lines."""
    rows = tuple({str(name): cell for name, cell in record.items()} for record in records)
    names = dict.fromkeys([*columns, *(name for row in rows for name in row)])
    return Rows(source, tuple(names), rows, tuple(f"row {number}" for number in range(1, len(rows) + 1)))


def _read_csv(path: Path) -> Rows:
    text = path.read_text(encoding="utf-8-sig", errors="strict")
    head = text.partition("\n")[0]
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = [name.strip() for name in next(reader, [])]
    if twice := {name for name in columns if columns.count(name) > 1}:
        raise AblateError(f"{path}: line 1: the column '{sorted(twice)[0]}' appears twice")
    rows, places, begins = [], [], reader.line_num + 1
    for cells in reader:
        place, begins = f"line {begins}", reader.line_num + 1
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            raise AblateError(f"{path}: {place}: {len(cells)} cells under {len(columns)} columns")
        rows.append({name: cell.strip() for name, cell in zip(columns, cells, strict=True)})
        places.append(place)
    return Rows(str(path), tuple(columns), tuple(rows), tuple(places))


def _read_parquet(path: Path) -> Rows:
    import pandas as pd

    return rows_of_frame(pd.read_parquet(path), str(path))


def _read_json(path: Path) -> Rows:
    """A list of rows, or a mapping of arms or columns to cells, which are a list or a mapping by seed."""
    content = json.loads(path.read_bytes())
    if isinstance(content, list) and all(isinstance(row, dict) for row in content):
        return rows_of_records(content, str(path))
    if isinstance(content, dict) and content and all(isinstance(cells, dict) for cells in content.values()):
        seeds = dict.fromkeys(seed for cells in content.values() for seed in cells)
        records = [{"seed": seed} | {name: cells.get(seed) for name, cells in content.items()} for seed in seeds]
        return rows_of_records(records, str(path))
    if isinstance(content, dict) and content and all(isinstance(cells, list) for cells in content.values()):
        length = max(map(len, content.values()))
        padded = {name: [*cells, *[None] * (length - len(cells))] for name, cells in content.items()}
        return rows_of_records(
            [{name: cells[row] for name, cells in padded.items()} for row in range(length)], str(path)
        )
    raise AblateError(f"{path}: must be a list of rows, or a mapping of columns (see docs/judge.md)")


def _read_json_lines(path: Path) -> Rows:
    lines = [(number, line) for number, line in enumerate(path.read_text().splitlines(), 1) if line.strip()]
    found = rows_of_records([json.loads(line) for _, line in lines], str(path))
    return Rows(found.source, found.columns, found.rows, tuple(f"line {number}" for number, _ in lines))


READERS: dict[str, Callable[[Path], Rows]] = {
    ".csv": _read_csv,
    ".tsv": _read_csv,
    ".parquet": _read_parquet,
    ".json": _read_json,
    ".jsonl": _read_json_lines,
}
