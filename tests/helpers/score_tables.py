"""Small studies, and tables of their runs with given scores."""

from __future__ import annotations

from typing import Any

import pandas as pd

from ablate.studies.planning import Design
from ablate.studies.study import Study

SCORES = {"four": [30.0, 29.0, 31.0], "one": [29.0, 28.1, 29.9], "two": [30.1, 29.0, 31.1]}


def study_of(**changes: Any) -> Design:
    named = {"four": {}, "one": {"model.heads": 1}, "two": {"model.heads": 2}}
    facts = {"name": "a", "question": "Does it?", "arms": named, "reference": "four", "seeds": 3, "margin": 0.25}
    return Design.of(Study.model_validate(facts | changes))


def runs_of(study: Design, scores: dict[str, list[float]] = SCORES) -> pd.DataFrame:
    """Make a table with one row per run, not in the order of the study."""
    rows = [
        {"arm": arm.name, "seed": seed, "status": "finished", "test/psnr": score, "test/mse": 10 ** (-score / 10)}
        for arm in study.arms
        for seed, score in zip(study.seeds, scores[arm.name], strict=True)
    ]
    return pd.DataFrame(rows[::-1])
