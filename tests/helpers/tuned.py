"""A study whose arms are tuned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ablate.studies.planning import Design
from ablate.studies.study import Study
from tests.helpers.tiny import TINY, write_tiny_study

TUNE: dict[str, Any] = {
    "space": {"training.rate": {"low": 1e-4, "high": 1e-1, "log": True}},
    "trials": 3,
    "epochs": 1,
}
BASE = {name: value for name, value in TINY.items() if name != "training.rate"}


def tuned_study(**changes: Any) -> Design:
    """Two arms whose rate is tuned."""
    facts = {
        "name": "tuned",
        "question": "Can it be rescued by its rate?",
        "base": BASE,
        "arms": {"with": {"model.skip": "both"}, "without": {"model.skip": "none"}},
        "reference": "with",
        "seeds": 2,
        "margin": 0.25,
        "tune": TUNE,
    }
    return Design.of(Study.model_validate(facts | changes))


TUNE_KEY = "tune: {space: {training.rate: {low: 1e-3, high: 1e-1, log: true}}, trials: 3, epochs: 1}\n"


def write_tuned_study(folder: Path, **replace: str) -> Path:
    """The tiny study, its rate being tuned."""
    path = write_tiny_study(folder, **replace)
    path.write_text(path.read_text().replace("  training.rate: 0.01\n", "") + TUNE_KEY)
    return path
