"""What a sweep, a search or a report returns: its tables and its answer, and in a notebook a page that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from markupsafe import Markup

from ablate.pipeline.rescoring import Unscored
from ablate.reporting.search.answer import answer as search_answer
from ablate.reporting.search.model import SearchPage
from ablate.reporting.study.answer import answer
from ablate.reporting.study.model import Page
from ablate.studies.study import Overrides


@dataclass(frozen=True)
class StudyResult:
    """A study that has been judged.

    Attributes:
        page: all that the report says (`reporting.study.model.Page`).
        path: the folder of the report.
        runs_at: what to type or open to see the runs in MLflow; None where MLflow lacks some of them.
        unscored: the runs that cannot be judged by the study's metric, and why.
    """

    page: Page
    path: Path
    runs_at: str | None = None
    unscored: Sequence[Unscored] = ()

    @property
    def answer(self) -> str:
        """The answer to the study's question, in one sentence."""
        return answer(self.page)

    @property
    def results(self) -> pd.DataFrame:
        """One row per run, as `load_results`."""
        return self.page.data.runs

    @property
    def epochs(self) -> pd.DataFrame:
        """One row per epoch, as `load_epochs`."""
        return self.page.data.epochs

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row per compared arm, with its difference from its reference, in the metric's unit; up is good."""
        return verdict_table(self.page)

    def _repr_html_(self) -> str:
        return _shown(self.page.design.question, self.answer, self.verdicts, self.path, self.page.metric.unit)


@dataclass(frozen=True)
class JudgedScores:
    """A table of scores that has been judged.

    Attributes:
        page: all that the report says (`reporting.study.model.Page`).
        path: the folder of the report; None if it was not written.
    """

    page: Page
    path: Path | None = None

    @property
    def answer(self) -> str:
        """The verdicts in one sentence."""
        return answer(self.page)

    @property
    def verdicts(self) -> pd.DataFrame:
        """One row per compared arm, as `StudyResult.verdicts`."""
        return verdict_table(self.page)

    def _repr_html_(self) -> str:
        return _shown(self.page.design.question, self.answer, self.verdicts, self.path, self.page.metric.unit)


def verdict_table(page: Page) -> pd.DataFrame:
    """One row per compared arm, with its difference from its reference."""
    rows = [
        {
            "arm": row.name,
            "against": row.against,
            "verdict": c.verdict,
            "difference": c.difference,
            "low": c.low,
            "high": c.high,
            "inner_low": c.inner_low,
            "inner_high": c.inner_high,
            "level": c.level,
            "smallest_margin": c.smallest_margin,
            "pairs": c.pairs,
            "wins": c.median.wins if c.median else 0,
            "for_median": c.is_for_median,
            "mean": row.level.mean,
        }
        for row, c in page.compared_arms
    ]
    return pd.DataFrame(rows)


@dataclass(frozen=True)
class SearchResult:
    """A search, finished or as far as it has come.

    Attributes:
        page: all that the report says (`reporting.search.model.SearchPage`).
        path: the folder of the report, with `best.yaml`.
        runs_at: what to type or open to see the runs in MLflow; None where MLflow lacks some of them.
    """

    page: SearchPage
    path: Path
    runs_at: str | None = None

    @property
    def answer(self) -> str:
        """What the search found, in one sentence."""
        return search_answer(self.page)

    @property
    def best(self) -> Overrides:
        """The settings of the best trial, with the base that all trials share; empty if there is none."""
        return self.page.settings if self.page.best else {}

    @property
    def trials(self) -> pd.DataFrame:
        """One row per trial that has ended: its number, state, value, run and settings."""
        rows = [
            {"trial": t.number, "state": t.state, "value": t.value, "run": t.run, **t.overrides}
            for t in self.page.trials
        ]
        return pd.DataFrame(rows)

    def _repr_html_(self) -> str:
        return _shown(self.page.search.question, self.answer, self.trials, self.path, self.page.metric.unit)


def _shown(question: str, answer: str, table: pd.DataFrame, path: Path | None, unit: str) -> str:
    head = Markup("<p>{}</p><p><strong>{}</strong></p>").format(question, answer)
    notes = [Markup("Report: <code>{}</code>").format(path)] if path else []
    notes += [Markup("differences in {}").format(unit)] if unit else []
    foot = Markup("<p>{}</p>").format(Markup("; ").join(notes)) if notes else ""
    return head + Markup(table.to_html(index=False, float_format="{:.4g}".format)) + foot
