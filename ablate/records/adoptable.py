"""A run that was trained elsewhere, as the record would hold it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ablate.records.models import Result
from ablate.settings import Run
from ablate.training.events import Row


@dataclass(frozen=True)
class Adoptable:
    """A run that can be adopted.

    Attributes:
        began: when it began, in Unix seconds.
        rows: all its epochs.
        result: how it ended; its `adopted` says where it comes from.
        files: the contents of its weights and arrays by the names of their files; empty if only its scores are known.
    """

    run: Run
    began: float
    rows: list[Row]
    result: Result
    files: Mapping[str, bytes] = field(default_factory=dict)
