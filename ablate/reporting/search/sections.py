"""The sections of a search's page, from top to bottom."""

from __future__ import annotations

from enum import StrEnum


class SectionTitle(StrEnum):
    """The title of each section."""

    BEST = "The best settings"
    COURSE = "The course of the search"
    IMPORTANCE = "Importance in the search"
    TRIALS = "The best trials"
    FAILED = "Trials that failed"
    COMPUTED = "How it was computed"
