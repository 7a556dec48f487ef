"""The headline numbers of a report as plain data: what `dvc metrics` compares, and what lists all reports."""

from __future__ import annotations

import math
from typing import Any

from ablate.reporting.study.answer import answer
from ablate.reporting.study.model import ArmRow, Page
from ablate.statistics.verdicts import Comparison


def headlines(page: Page) -> dict[str, Any]:
    """Nested names, texts and numbers to six digits; what is not finite is left out, since JSON has no word for it."""
    facts = {
        "question": page.study.question,
        "answer": answer(page),
        "metric": page.metric.name,
        "margin": page.study.margin,
        "level": page.level,
        "nothing": page.nothing,
        "zero": page.zero,
        "train_hours": page.train_hours,
        **({"runs": {"used": len(page.used), "planned": page.planned}} if len(page.study.looks) > 1 else {}),
        "arms": {row.name: _arm(row) for row in page.rows},
    }
    found: dict[str, Any] = _plain(facts)
    return found


def _arm(row: ArmRow) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "seeds": row.seeds,
        "diverged": row.diverged,
        "failed": row.failed,
        "mean": row.mean,
        "sd": row.sd,
        "gain": row.gain,
        "parameters": row.parameters,
        "flops": row.flops,
        "seconds": row.seconds,
    }
    if row.comparison and row.decibels:
        facts |= {"against": row.against, "verdict": row.comparison.verdict, **_compared(row.comparison)}
        facts["decibels"] = _compared(row.decibels)
    return facts


def _compared(c: Comparison) -> dict[str, float]:
    ends = {"low": c.low, "high": c.high, "smallest_margin": c.smallest_margin}
    return {"pairs": c.pairs, "difference": c.difference, "difference_sd": c.sd, **ends}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain for name, item in value.items() if (plain := _plain(item)) is not None}
    if not isinstance(value, float):
        return value
    return float(f"{value:.6g}") if math.isfinite(value) else None
