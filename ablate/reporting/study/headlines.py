"""The headline numbers of a report as plain data, for `dvc metrics` and for the page that lists all reports."""

from __future__ import annotations

import math
from typing import Any

from ablate.project import STATE
from ablate.records.requests import from_project
from ablate.reporting.study.answer import answer
from ablate.reporting.study.arms import ArmRow
from ablate.reporting.study.model import Page
from ablate.reporting.study.verdict_file import difference_facts
from ablate.reporting.study.verdict_schema import six_digits


def headlines(page: Page) -> dict[str, Any]:
    """Nested names, texts and numbers to six digits; without infinite and undefined numbers, which JSON lacks."""
    file = page.study.file if page.has_study else None
    facts = {
        "file": from_project(STATE, file) if file else None,
        "question": page.design.question,
        "answer": answer(page),
        "metric": page.metric.name,
        "margin": page.design.margin,
        "nothing": page.nothing_score,
        "zero": page.zero_score,
        "train_hours": page.train_seconds / 3600,
        **({"runs": {"used": len(page.used_runs), "planned": page.max_runs}} if len(page.design.looks) > 1 else {}),
        "arms": {row.name: _arm(row, page.difference_errors.get(row.name, math.nan)) for row in page.rows},
    }
    plain: dict[str, Any] = _plain(facts)
    return plain


def _arm(row: ArmRow, image_error: float) -> dict[str, Any]:
    facts: dict[str, Any] = {
        "seeds": row.seeds,
        "diverged": row.diverged_runs,
        "learned_nothing": row.useless_runs,
        "failed": row.failed_runs,
        "mean": row.level.mean,
        "sd": row.sd,
        "level_seeds": row.level.seeds,
        "level_sd": row.level.sd,
        "gain": row.level.gain,
        "gain_low": row.level.gain_low,
        "gain_high": row.level.gain_high,
        "parameters": row.parameters,
        "flops": row.flops,
        "seconds": row.level.seconds,
    }
    if row.comparison and row.decibels:
        facts |= {"against": row.against, "verdict": row.comparison.verdict, **difference_facts(row.comparison)}
        facts |= {"difference_image_error": image_error}
        facts |= {"for_median": row.comparison.is_for_median, "decibels": difference_facts(row.decibels)}
        facts |= {"wins": row.comparison.median.wins} if row.comparison.median else {}
    return facts


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain for name, item in value.items() if (plain := _plain(item)) is not None}
    return six_digits(value) if isinstance(value, float) else value
