"""The headline numbers of a report as plain data: what `dvc metrics` compares, and what lists all reports."""

from __future__ import annotations

import math
from typing import Any

from ablate.report.answer import answer
from ablate.report.model import ArmRow, Page
from ablate.verdicts import Comparison


def headlines(page: Page) -> dict[str, Any]:
    """Nested names, texts and numbers; what is not finite is left out, since JSON has no word for it."""
    facts = {
        "question": page.study.question,
        "answer": answer(page),
        "metric": page.metric.name,
        "margin": page.study.margin,
        "level": page.level,
        "nothing": page.nothing,
        "zero": page.zero,
        "train_hours": page.train_hours,
        "arms": {row.name: _arm(row) for row in page.rows},
    }
    found: dict[str, Any] = _finite(facts)
    return found


def _arm(row: ArmRow) -> dict[str, Any]:
    numbers = ("seeds", "diverged", "failed", "mean", "sd", "gain", "parameters", "flops", "seconds")
    facts: dict[str, Any] = {name: getattr(row, name) for name in numbers}
    if row.comparison and row.decibels:
        facts |= {"against": row.against, "verdict": row.comparison.verdict, **_compared(row.comparison)}
        facts["decibels"] = _compared(row.decibels)
    return facts


def _compared(c: Comparison) -> dict[str, float]:
    return {name: getattr(c, name) for name in ("difference", "sd", "low", "high", "smallest_margin")}


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items() if not _is_endless(item)}
    return value


def _is_endless(value: Any) -> bool:
    return isinstance(value, float) and not math.isfinite(value)
