"""A study with looks, and made-up scores of its runs."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from ablate.studies.planning import Design
from ablate.studies.study import Study

LOOKS = {"from": 3, "to": 12}
Score = Callable[[str, int], float | None]
"""The score of an arm with a seed; None if the run is absent."""


def study_of(**changes: Any) -> Design:
    named = {"reference": {}, "same": {"model.heads": 1}, "worse": {"model.heads": 2}, "unsure": {"model.heads": 8}}
    facts = {"name": "s", "question": "?", "arms": named, "reference": "reference", "seeds": LOOKS, "margin": 0.25}
    return Design.of(Study.model_validate(facts | changes))


def usual(arm: str, seed: int) -> float:
    """Score arms by their names: `same` hardly differs, `worse` is far worse, `unsure` varies widely around 0.

    Seeds differ by several decibels.
    """
    noise = float(np.random.default_rng([seed, len(arm)]).normal())
    shift, sd = {"reference": (0, 0), "same": (0.01, 0.02), "worse": (-3, 0.1), "unsure": (0, 0.25)}[arm]
    return 29 + seed % 5 + shift + sd * noise


def table(study: Design, score: Score = usual, **statuses: str) -> pd.DataFrame:
    """Make a table of runs with these scores; `statuses` sets the status of a run, as in `unsure_3="failed"`."""
    rows = []
    for cell in study.cells:
        value = score(cell.arm.name, cell.seed)
        status = statuses.get(f"{cell.arm.name}_{cell.seed}", "absent" if value is None else "finished")
        psnr = math.nan if value is None or status not in ("finished", "diverged") else value
        row = {"arm": cell.arm.name, "seed": cell.seed, "status": status, "test/psnr": psnr}
        rows.append(row | {"cost/train_seconds": math.nan if math.isnan(psnr) else 100.0})
    return pd.DataFrame(rows)
