"""The sections of a study's page, from top to bottom."""

from __future__ import annotations

from enum import StrEnum


class SectionTitle(StrEnum):
    """The title of each section."""

    VERDICTS = "Verdicts"
    TUNING = "What each arm chose"
    COURSE = "From look to look"
    CLAIMS = "Claims"
    GRID = "Do the axes add up?"
    SEEDS = "Every seed"
    NOISE = "How much do scores vary?"
    ROBUSTNESS = "How robust are the verdicts?"
    COST = "Quality and cost"
    CURVES = "Learning curves"
    SAMPLES = "Sample pictures"
    WRONG = "Runs that went wrong"
    COMPUTED = "How it was computed"
    METHODS = "Methods, for a paper"
    MLFLOW = "The runs in MLflow"
